/**
 * What an instrumented application does: agents that call models and tools, traced with OpenTelemetry's SDK and
 * exported by its own exporters. A process of its own, since the exporters import parts of themselves as they go, which
 * a test runner's modules cannot.
 *
 *     node instrumented-application.mjs <url of /v1/traces> <protobuf or json> [gzip]
 */
import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

const [url, encoding, compression = 'none'] = process.argv.slice(2);
const Exporter = encoding === 'protobuf' ? ProtobufExporter : JsonExporter;

const chat = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'openai',
  'gen_ai.request.model': 'gpt-4o',
  'gen_ai.usage.input_tokens': 100,
  'gen_ai.usage.output_tokens': 20,
  'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"correct horse"}]}]',
  'secagg.task': 'writing',
};
/** The generation before it. */
const older = {
  'gen_ai.system': 'anthropic',
  'llm.request.type': 'chat',
  'gen_ai.request.model': 'claude:v1:0',
  'gen_ai.usage.prompt_tokens': 100,
  'gen_ai.usage.completion_tokens': 20,
  'gen_ai.prompt.name': 'code',
};

const processor = new BatchSpanProcessor(new Exporter({ url, compression }), { maxExportBatchSize: 64 });
const provider = new NodeTracerProvider({ spanProcessors: [processor] });
const tracer = provider.getTracer('test');
for (let i = 0; i < 60; i++) {
  const agent = tracer.startSpan('invoke_agent', { attributes: { 'gen_ai.operation.name': 'invoke_agent' } });
  const within = trace.setSpan(context.active(), agent);
  const call = tracer.startSpan('chat', { attributes: i % 2 === 0 ? chat : older }, within);
  if (i % 5 === 0) {
    call.setAttribute('error.type', 'timeout');
    call.setStatus({ code: SpanStatusCode.ERROR, message: 'correct horse' });
  }
  if (i % 10 === 1)
    call.addEvent('gen_ai.evaluation.result', {
      'gen_ai.evaluation.name': 'relevance',
      'gen_ai.evaluation.score.value': 0.75,
    });
  call.end();
  tracer.startSpan('execute_tool', { attributes: { 'gen_ai.operation.name': 'execute_tool' } }, within).end();
  tracer.startSpan('GET /', {}, within).end();
  agent.end();
}
await provider.forceFlush();
await provider.shutdown();
