// Field kinds of docs/protocol.md, "Field kinds" as checkers: each takes a decoded value and a path for messages, and
// throws or returns nothing.
import { check } from './errors.mjs';

const LARGEST = Number.MAX_SAFE_INTEGER;

export const uint = (min, max) => (value, path) => {
  check(
    typeof value === 'number' && value >= min && value <= max,
    'invalid',
    `${path}: not an integer from ${min} to ${max}`,
  );
};

export const bytes =
  (min, max = min) =>
  (value, path) => {
    check(
      Buffer.isBuffer(value) && value.length >= min && value.length <= max,
      'invalid',
      `${path}: not ${min} to ${max} bytes`,
    );
  };

export const text = (min, max, pattern) => (value, path) => {
  const fits =
    typeof value === 'string' && value.length >= min && value.length <= max && (!pattern || pattern.test(value));
  check(fits, 'invalid', `${path}: not a text of the right form`);
};

export const oneOf =
  (...values) =>
  (value, path) => {
    check(values.includes(value), 'invalid', `${path}: not one of ${values.join(', ')}`);
  };

export const bool = oneOf(true, false);

export const array = (min, max, item, order) => (value, path) => {
  check(
    Array.isArray(value) && value.length >= min && value.length <= max,
    'invalid',
    `${path}: not an array of ${min} to ${max}`,
  );
  value.forEach((entry, i) => item(entry, `${path}[${i}]`));
  if (order) checkIncreasing(value.map(order), path);
};

export const sorted = (min, max, item) => array(min, max, item, (entry) => entry);

export function checkIncreasing(values, path) {
  for (let i = 1; i < values.length; i++)
    check(values[i - 1] < values[i], 'invalid', `${path}: not strictly increasing`);
}

export const optional = (kind) => Object.assign((value, path) => kind(value, path), { optional: true });

export const map = (fields) => (value, path) => {
  const isMap = value !== null && typeof value === 'object' && !Array.isArray(value) && !Buffer.isBuffer(value);
  check(isMap, 'invalid', `${path}: not a map`);
  for (const name of Object.keys(value))
    check(Object.hasOwn(fields, name), 'invalid', `${path}: unknown field ${name}`);
  for (const [name, kind] of Object.entries(fields)) {
    if (kind.optional && !Object.hasOwn(value, name)) continue;
    check(Object.hasOwn(value, name), 'invalid', `${path}: field ${name} is missing`);
    kind(value[name], `${path}.${name}`);
  }
};

export const version = uint(1, 1);
export const name = text(1, 64, /^[a-z0-9][a-z0-9._-]*$/);
export const cluster = text(16, 64, /^[0-9a-f]+$/);
export const counter = uint(1, LARGEST);
export const time = uint(0, 253402300799999);
export const digest = bytes(32);
export const signature = bytes(64);
export const member = uint(0, 29);
export const group = uint(0, 1023);
export const piece = uint(0, 2 ** 30 - 1);
export const suite = oneOf('pad', 'rlwe-2048', 'rlwe-4096');
export const sealingSuite = oneOf('hpke-x25519-sha256-aes256gcm', 'hpke-xwing-sha256-aes256gcm');
export const unit = oneOf('router', 'request');
export const role = oneOf('committee', 'coordinator', 'operator', 'router');
export const units = uint(0, LARGEST);
