/**
 * The messages of OTLP 1 that are read here, as opentelemetry-proto publishes them
 * (opentelemetry/proto/{trace,logs,common}/v1, collector services). Fields that are not read are left out: what comes
 * in them is skipped.
 */
import protobuf, { type Type } from 'protobufjs';

const { root } = protobuf.parse(
  `
  syntax = "proto3";
  package opentelemetry.proto;

  message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { repeated ScopeSpans scope_spans = 2; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span {
    message Event { string name = 2; repeated KeyValue attributes = 3; }
    bytes trace_id = 1;
    bytes span_id = 2;
    bytes parent_span_id = 4;
    string name = 5;
    fixed64 start_time_unix_nano = 7;
    fixed64 end_time_unix_nano = 8;
    repeated KeyValue attributes = 9;
    repeated Event events = 11;
    Status status = 15;
  }
  message Status { int32 code = 3; }

  message ExportLogsServiceRequest { repeated ResourceLogs resource_logs = 1; }
  message ResourceLogs { repeated ScopeLogs scope_logs = 2; }
  message ScopeLogs { repeated LogRecord log_records = 2; }
  message LogRecord {
    repeated KeyValue attributes = 6;
    bytes trace_id = 9;
    bytes span_id = 10;
    string event_name = 12;
  }

  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue {
    oneof value {
      string string_value = 1;
      bool bool_value = 2;
      int64 int_value = 3;
      double double_value = 4;
    }
  }

  message ExportTraceServiceResponse { ExportTracePartialSuccess partial_success = 1; }
  message ExportTracePartialSuccess { int64 rejected_spans = 1; string error_message = 2; }
  message ExportLogsServiceResponse { ExportLogsPartialSuccess partial_success = 1; }
  message ExportLogsPartialSuccess { int64 rejected_log_records = 1; string error_message = 2; }
  `,
);

/** Throws for a name that is not above. */
export const messageType = (name: string): Type => root.lookupType(`opentelemetry.proto.${name}`);
