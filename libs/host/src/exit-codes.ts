/** Exit statuses of the services, of sysexits(3): what a service manager and docs/operations.md go by. */
export const exitCodes = {
  /** Options or arguments that are not understood. */
  usage: 64,
  /** A database file is damaged: restoring a backup helps, restarting does not. */
  corrupt: 65,
  /** The port is taken. */
  unavailable: 69,
  /** A bug, or a shutdown that took too long. */
  software: 70,
  /** The disk takes no writes: full, read-only or failing. */
  ioError: 74,
  /** Another process has the data directory. */
  inUse: 75,
  /** The database is on another machine, and does not answer. */
  away: 75,
  /** Files are there that this process may not read, or that others may. */
  noPermission: 77,
  /** Configuration, key files or keys that cannot be used. */
  config: 78,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
