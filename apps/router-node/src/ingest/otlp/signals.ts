/** The two kinds of telemetry that are taken, and where their items are in an export request. */
export interface Signal {
  /** Message types from the request down to the item, each in a repeated field of the one before it. */
  readonly request: string;
  readonly groups: readonly { readonly field: number; readonly type: string }[];
  /** The same in JSON, as paths of a streaming parser; by the specification names are in lower camel case. */
  readonly paths: readonly string[];
  readonly response: string;
  /** How the response names what was refused. */
  readonly rejected: string;
}

export const TRACES: Signal = {
  request: 'ExportTraceServiceRequest',
  groups: [
    { field: 1, type: 'ResourceSpans' },
    { field: 2, type: 'ScopeSpans' },
    { field: 2, type: 'Span' },
  ],
  paths: ['$.resourceSpans.*.scopeSpans.*.spans.*'],
  response: 'ExportTraceServiceResponse',
  rejected: 'rejectedSpans',
};

export const LOGS: Signal = {
  request: 'ExportLogsServiceRequest',
  groups: [
    { field: 1, type: 'ResourceLogs' },
    { field: 2, type: 'ScopeLogs' },
    { field: 2, type: 'LogRecord' },
  ],
  paths: ['$.resourceLogs.*.scopeLogs.*.logRecords.*'],
  response: 'ExportLogsServiceResponse',
  rejected: 'rejectedLogRecords',
};
