/** The log of strace (-f -yy -xx) as a sequence of what was done. */
export type SystemCall =
  | { readonly kind: 'create'; readonly path: string }
  | { readonly kind: 'make-folder'; readonly path: string }
  /** `offset` undefined: at the end. */
  | { readonly kind: 'write'; readonly path: string; readonly offset: number | undefined; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly path: string; readonly length: number }
  /** Of a file's content, or of a folder's entries. */
  | { readonly kind: 'sync'; readonly path: string }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  /** Bytes handed to a socket, or taken from it. The name of a socket has its two ends. */
  | { readonly kind: 'send' | 'receive'; readonly socket: string; readonly bytes: Buffer };

const callLine = /^(\d+) +(\w+)\((.*)\) += (-?\d+)/s;
const unfinishedLine = /^(\d+) +(\w+\(.*) <unfinished \.\.\.>$/s;
const resumedLine = /^(\d+) +<\.\.\. \w+ resumed>(.*)$/s;

/** In the order in which the calls were finished. Calls that failed are left out. */
export function* parseStraceLog(text: string): Generator<SystemCall> {
  const unfinished = new Map<string, string>();
  for (const line of text.split('\n')) {
    const begun = unfinishedLine.exec(line);
    if (begun) {
      unfinished.set(begun[1], begun[2]);
      continue;
    }
    const resumed = resumedLine.exec(line);
    const whole = resumed ? `${resumed[1]} ${unfinished.get(resumed[1]) ?? ''}${resumed[2]}` : line;
    const match = callLine.exec(whole);
    if (match && Number(match[4]) >= 0) yield* callOf(match[2], match[3], Number(match[4]));
  }
}

const fromHex = (text: string): Buffer => Buffer.from(text.replaceAll('\\x', ''), 'hex');
const stringsOf = (args: string): Buffer[] =>
  [...args.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, text]) => fromHex(text));
/** Path or socket of the descriptor that a call begins with. */
const subjectOf = (args: string): string => {
  const found = /^\d+<((?:\\x[0-9a-f]{2})+)(?:<[^>]*>)?>/.exec(args);
  // Sockets are annotated in clear text: TCP:[here->there].
  return found ? fromHex(found[1]).toString() : (/^\d+<((?:[^>-]|-(?!>)|->)*)>/.exec(args)?.[1] ?? '');
};
const isSocket = (subject: string): boolean => /^(TCP|TCPv6|UNIX|socket)/.test(subject);
const lastNumber = (args: string): number => Number(/(\d+)$/.exec(args)?.[1]);

function* callOf(name: string, args: string, result: number): Generator<SystemCall> {
  const subject = subjectOf(args);
  const strings = stringsOf(args);
  const path = strings.length > 0 ? strings[0].toString() : '';
  switch (name) {
    case 'openat':
      if (args.includes('O_CREAT')) yield { kind: 'create', path };
      if (args.includes('O_TRUNC')) yield { kind: 'truncate', path, length: 0 };
      return;
    case 'mkdir':
    case 'mkdirat':
      yield { kind: 'make-folder', path };
      return;
    case 'pwrite64':
      yield { kind: 'write', path: subject, offset: lastNumber(args), bytes: strings[0].subarray(0, result) };
      return;
    case 'write':
    case 'writev':
    case 'sendto':
    case 'sendmsg': {
      const bytes = Buffer.concat(strings).subarray(0, result);
      yield isSocket(subject)
        ? { kind: 'send', socket: subject, bytes }
        : { kind: 'write', path: subject, offset: undefined, bytes };
      return;
    }
    case 'read':
    case 'readv':
    case 'recvfrom':
      if (isSocket(subject) && result > 0)
        yield { kind: 'receive', socket: subject, bytes: Buffer.concat(strings).subarray(0, result) };
      return;
    case 'fsync':
    case 'fdatasync':
      yield { kind: 'sync', path: subject };
      return;
    case 'ftruncate':
      yield { kind: 'truncate', path: subject, length: lastNumber(args) };
      return;
    case 'unlink':
    case 'unlinkat':
      yield { kind: 'remove', path };
      return;
    case 'rename':
    case 'renameat2':
      yield { kind: 'rename', path, to: strings[1].toString() };
  }
}
