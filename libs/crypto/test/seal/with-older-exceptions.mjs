/**
 * Rewrites a WebAssembly module for Node 20, which knows exceptions only as they were before 2025: try_table becomes
 * try with catch, and a reference to an exception becomes the i32 that exceptions of C++ carry. Numbers are those of
 * the WebAssembly specification, chapter 5.
 */
const [TYPES, FUNCTIONS, CODE] = [1, 3, 10];
const [EXNREF, NOEXN, I32] = [0x69, 0x74, 0x7f];
const [BLOCK, IF, TRY, CATCH, THROW, THROW_REF, END, BR, CATCH_ALL, TRY_TABLE] = [
  0x02, 0x04, 0x06, 0x07, 0x08, 0x0a, 0x0b, 0x0c, 0x19, 0x1f,
];
const [LOCAL_GET, LOCAL_TEE, I32_CONST, REF_NULL] = [0x20, 0x22, 0x41, 0xd0];
/** The only tag of the module: C++. */
const TAG = 0;

export function withOlderExceptions(bytes) {
  let at = 0;
  const parameterCounts = [];
  let functionTypes = [];

  const number = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  const encoded = (value) => (value < 128 ? [value] : [value % 128 | 128, ...encoded(Math.floor(value / 128))]);
  const skip = (count) => {
    for (; count > 0; count--) while (bytes[at++] & 128);
  };
  const copy = (out, advance) => {
    const start = at;
    advance();
    for (let i = start; i < at; i++) out.push(bytes[i]);
  };
  const valueType = (out) => {
    const type = bytes[at++];
    out.push(type === EXNREF ? I32 : type);
  };

  function types() {
    const out = [];
    copy(out, () => skip(1));
    while (at < bytes.length && bytes[at] === 0x60) {
      out.push(bytes[at++]);
      for (const side of ['parameters', 'results']) {
        const length = number();
        if (side === 'parameters') parameterCounts.push(length);
        out.push(...encoded(length));
        for (let k = 0; k < length; k++) valueType(out);
      }
    }
    return out;
  }

  function functions() {
    const start = at;
    functionTypes = Array.from({ length: number() }, number);
    return bytes.subarray(start, at);
  }

  /** @param parameters number of parameters of the function */
  function body(end, parameters) {
    const out = [];
    const groups = number();
    // One more local, to have a value twice.
    out.push(...encoded(groups + 1));
    let spare = parameters;
    for (let i = 0; i < groups; i++) {
      copy(out, () => {
        spare += number();
      });
      valueType(out);
    }
    out.push(1, I32);
    /** Handlers of every block that is open. */
    const open = [[]];
    while (at < end) instruction(out, open, spare);
    return out;
  }

  function instruction(out, open, spare) {
    const code = bytes[at++];
    if (code === TRY_TABLE) {
      out.push(TRY);
      blockType(out);
      open.push(Array.from({ length: number() }, handler));
    } else if (code === THROW_REF) {
      out.push(THROW, TAG);
    } else if (code === REF_NULL && (bytes[at] === EXNREF || bytes[at] === NOEXN)) {
      at++;
      out.push(I32_CONST, 0);
    } else if (code === END) {
      for (const { kind, label } of open.pop()) {
        // A label counts from outside of the block; the catch clauses are inside.
        const branch = [BR, ...encoded(label + 1)];
        if (kind === 2) out.push(CATCH_ALL, ...branch);
        else if (kind === 1)
          out.push(CATCH, TAG, LOCAL_TEE, ...encoded(spare), LOCAL_GET, ...encoded(spare), ...branch);
        else out.push(CATCH, TAG, ...branch);
      }
      out.push(END);
    } else {
      out.push(code);
      if (code >= BLOCK && code <= IF) {
        open.push([]);
        blockType(out);
      } else copy(out, () => operands(code));
    }
  }

  /** catch, catch_ref, catch_all or catch_all_ref, by number. */
  function handler() {
    const kind = bytes[at++];
    if (kind < 2 && number() !== TAG) throw new Error('another tag than that of C++');
    return { kind, label: number() };
  }

  const blockType = (out) => (bytes[at] === EXNREF ? valueType(out) : copy(out, () => skip(1)));

  function operands(code) {
    const one = [THROW, BR, 0x0d, 0x10, 0x3f, 0x40, I32_CONST, 0x42, REF_NULL, 0xd2];
    if (one.includes(code) || (code >= 0x20 && code <= 0x26)) skip(1);
    else if (code === 0x11 || (code >= 0x28 && code <= 0x3e)) skip(2);
    else if (code === 0x0e) skip(number() + 1);
    else if (code === 0x1c) skip(number());
    else if (code === 0x43) at += 4;
    else if (code === 0x44) at += 8;
    else if (code === 0xfc) {
      const sub = number();
      if (sub >= 8) skip([9, 11, 13, 15, 16, 17].includes(sub) ? 1 : 2);
    } else if (code > 0xfc) throw new Error(`instruction ${code} is not known here`);
  }

  function code() {
    const count = number();
    const out = [Uint8Array.from(encoded(count))];
    for (let i = 0; i < count; i++) {
      const length = number();
      const rewritten = body(at + length, parameterCounts[functionTypes[i]]);
      out.push(Uint8Array.from(encoded(rewritten.length)), Uint8Array.from(rewritten));
    }
    return Buffer.concat(out);
  }

  const rewriters = { [TYPES]: types, [FUNCTIONS]: functions, [CODE]: code };
  const out = [bytes.subarray(0, 8)];
  for (at = 8; at < bytes.length; ) {
    const id = bytes[at++];
    const end = number() + at;
    const content = id in rewriters ? Uint8Array.from(rewriters[id]()) : bytes.subarray(at, end);
    at = end;
    out.push(Uint8Array.from([id, ...encoded(content.length)]), content);
  }
  return Buffer.concat(out);
}
