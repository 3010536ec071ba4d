/** Codes of Node and OpenSSL for a peer whose certificate is not believed, or with whom no TLS comes about. */
const CERTIFICATE =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_.*|CERT_.*|ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|ERROR_IN_CERT_.*|PATH_LENGTH_EXCEEDED)$/;
const HANDSHAKE = /^(EPROTO|ERR_SSL_.*|ERR_TLS_.*)$/;

/** Whether the code of a failed connection says that TLS is to blame: trying again later does not help by itself. */
export const isTlsCode = (code: string | undefined): boolean =>
  code !== undefined && (CERTIFICATE.test(code) || HANDSHAKE.test(code));
