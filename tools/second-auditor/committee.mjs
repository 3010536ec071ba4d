// The arithmetic of a committee of m members with threshold t (docs/protocol.md, "Overview").
import { check } from './errors.mjs';

export function committeeOf(m, t) {
  check(t >= 1 && 2 * t - 1 <= m && m <= 30, 'policy', `committee of ${m} with threshold ${t}`);
  let count = 1;
  for (let i = 1; i < t; i++) count = (count * (m - i + 1)) / i;
  check(count <= 256, 'policy', `committee of ${m} with threshold ${t}: ${count} pieces`);
  return {
    size: m,
    threshold: t,
    quorum: Math.floor((m + t - 1) / 2) + 1,
    usableThreshold: Math.min(m, 2 * t - 1),
    pieces: subsets(m, t - 1).sort((a, b) => a - b),
  };
}

function subsets(m, size, from = 0) {
  if (size === 0) return [0];
  const found = [];
  for (let j = from; j < m; j++) for (const rest of subsets(m, size - 1, j + 1)) found.push(2 ** j + rest);
  return found;
}

export const holds = (member, piece) => Math.floor(piece / 2 ** member) % 2 === 0;
