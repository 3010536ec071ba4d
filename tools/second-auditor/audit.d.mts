/** Says what was audited; throws on the first check that fails. */
export function audit(folder: string, authority?: string): string;
