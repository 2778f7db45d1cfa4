import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from './folder.ts';

const run = promisify(execFile);
const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export type Certificate = { cert_file: string; key_file: string; cert: string; key: string };

/** An authority of our own, and what it signs; made by openssl, and gone when the test has finished. */
export async function authority() {
  const folder = await temporaryFolder();
  const file = (name: string) => join(folder, name);
  const ca_file = file('ca.pem');
  const made = ['-x509', '-days', '2', '-subj', '/CN=edgewise test authority'];
  await run('openssl', ['req', ...made, ...EC, '-keyout', file('ca.key'), '-out', ca_file]);

  /** For a name or address, such as `IP:127.0.0.1`. */
  async function sign(name: string, subject: string): Promise<Certificate> {
    const [cert_file, key_file, request] = ['pem', 'key', 'csr'].map((end) => file(`${name}.${end}`)) as [
      string,
      string,
      string,
    ];
    await run('openssl', ['req', ...EC, '-subj', `/CN=${name}`, '-keyout', key_file, '-out', request]);
    await writeFile(file(`${name}.ext`), `subjectAltName=${subject}\n`);
    const by = ['-CA', ca_file, '-CAkey', file('ca.key'), '-CAcreateserial', '-days', '2'];
    await run('openssl', [
      'x509',
      '-req',
      '-in',
      request,
      ...by,
      '-extfile',
      file(`${name}.ext`),
      '-out',
      cert_file,
    ]);
    const [cert, key] = await Promise.all([readFile(cert_file, 'utf8'), readFile(key_file, 'utf8')]);
    return { cert_file, key_file, cert, key };
  }

  return { ca_file, ca: await readFile(ca_file, 'utf8'), sign };
}
