/** What TLS says of a certificate that it does not take (`X509_V_ERR_…` of OpenSSL, as Node and gRPC tell them). */
const FAULTS =
  /self[- ]signed certificate|unable to (get|verify)[\w ]* certificate|certificate (signature failure|has expired|is not yet valid)|SELF_SIGNED_CERT|UNABLE_TO_(GET|VERIFY)|CERT_(HAS_EXPIRED|NOT_YET_VALID|SIGNATURE_FAILURE|UNTRUSTED)/i;
const ANOTHERS = /ERR_TLS_CERT_ALTNAME_INVALID|does not match certificate|not in the cert/i;
const DEEPEST = 5;

/** Why a server's certificate was not taken, in words that follow the server's name; null where it was not for that. */
export function certificateFault(error: unknown): string | null {
  let text = '';
  for (let one = error, depth = 0; one instanceof Error && depth < DEEPEST; one = one.cause, depth++)
    text += ` ${(one as { code?: unknown }).code} ${one.message}`;
  if (ANOTHERS.test(text)) return 'shows the certificate of another host';
  return FAULTS.test(text) ? 'shows a certificate that is not trusted here' : null;
}
