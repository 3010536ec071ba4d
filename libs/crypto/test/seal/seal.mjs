/**
 * Microsoft SEAL as a process: node seal.mjs < request > answer, both JSON, residues as base64 of 64-bit little-endian
 * words.
 *
 *     { action: 'decrypt', ...parameters, key, ciphertexts }   to  { plaintexts: [base64 of N words] }
 *     { action: 'encrypt', ...parameters, plaintexts }         to  { key, ciphertexts }
 *
 * parameters: degree, primes (of the ciphertext), spare (one more prime, which SEAL keeps for switching keys),
 * plainModulus (decimal). A key has values at the roots modulo all primes and the spare; a ciphertext is two
 * polynomials of coefficients modulo the primes.
 */
import { readFileSync } from 'node:fs';
import start from 'node-seal';
import { withOlderExceptions } from './with-older-exceptions.mjs';

const wasm = readFileSync(new URL('seal_throws.wasm', import.meta.resolve('node-seal')));
const seal = await start({ wasmBinary: withOlderExceptions(wasm) });

const { action, degree, primes, spare, plainModulus, ...request } = JSON.parse(readFileSync(0, 'utf8'));
const modulus = (value) => new seal.Modulus(BigInt(value));
const parameters = new seal.EncryptionParameters(seal.SchemeType.bfv);
parameters.setPolyModulusDegree(degree);
const moduli = new seal.VectorModulus();
for (const prime of [...primes, spare]) moduli.push_back(modulus(prime));
parameters.setCoeffModulus(moduli);
parameters.setPlainModulus(modulus(plainModulus));
const context = new seal.SEALContext(parameters, true, seal.SecLevelType.none);
if (!context.parametersSet()) throw new Error('SEAL refuses the parameters');

/**
 * The words are the end of SEAL's own form without compression; what comes before them is taken from an object of the
 * same kind.
 */
const saved = (object) => Buffer.from(object.saveToArray(seal.ComprModeType.none));
const wordsOf = (object, count) =>
  saved(object)
    .subarray(-8 * count)
    .toString('base64');
function load(object, count, words) {
  const bytes = saved(object);
  Buffer.from(words, 'base64').copy(bytes, bytes.length - 8 * count);
  object.loadFromArray(context, new Uint8Array(bytes));
  return object;
}

const keys = new seal.KeyGenerator(context);
const key = keys.secretKey();
const keyWords = degree * (primes.length + 1);
const ciphertextWords = 2 * degree * primes.length;
const encryptor = new seal.Encryptor(context, keys.createPublicKey(), key);
const encrypt = (plaintext) => {
  const ciphertext = new seal.Ciphertext(context);
  encryptor.encryptSymmetric(plaintext, ciphertext);
  return ciphertext;
};
const plaintextOf = (words) => load(new seal.Plaintext(degree), degree, words);

function decrypt() {
  const template = encrypt(plaintextOf(Buffer.alloc(8 * degree).toString('base64')));
  load(key, keyWords, request.key);
  const decryptor = new seal.Decryptor(context, key);
  return {
    plaintexts: request.ciphertexts.map((words) => {
      const plaintext = new seal.Plaintext();
      decryptor.decrypt(load(template, ciphertextWords, words), plaintext);
      const found = Buffer.alloc(8 * degree);
      const count = plaintext.coeffCount();
      saved(plaintext)
        .subarray(-8 * count)
        .copy(found);
      return found.toString('base64');
    }),
  };
}

const encryptAll = () => ({
  key: wordsOf(key, keyWords),
  ciphertexts: request.plaintexts.map((each) => wordsOf(encrypt(plaintextOf(each)), ciphertextWords)),
});

process.stdout.write(JSON.stringify(action === 'decrypt' ? decrypt() : encryptAll()));
