import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const DAYS = '30';
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** Files in PEM. */
export interface Certificate {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** Who a client certificate speaks for: Kubernetes reads the user from CN and the groups from O. */
export interface CertificateSubject {
  readonly user: string;
  readonly groups?: readonly string[] | undefined;
  /** For servers, e.g. `IP:127.0.0.1`. */
  readonly alternativeNames?: readonly string[];
}

/** A throw-away certificate authority whose files lie in one folder. */
export class CertificateAuthority {
  readonly #directory: string;
  readonly certificateFile: string;
  readonly #keyFile: string;

  private constructor(directory: string) {
    this.#directory = directory;
    this.certificateFile = join(directory, 'ca.crt');
    this.#keyFile = join(directory, 'ca.key');
  }

  /** The certificate and key of the authority itself, which Kubernetes' own signers use. */
  get certificate(): Certificate {
    return { certificateFile: this.certificateFile, keyFile: this.#keyFile };
  }

  /** @param directory exists and is readable by this user only */
  static async create(directory: string): Promise<CertificateAuthority> {
    const authority = new CertificateAuthority(directory);
    const options = {
      keyout: authority.#keyFile,
      out: authority.certificateFile,
      subj: '/CN=test-ca',
      days: DAYS,
    };
    const extensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
    await openssl(['req', '-x509', ...NEW_KEY, ...extensions.flatMap((text) => ['-addext', text])], options);
    return authority;
  }

  /** Issues a certificate for servers and clients; its files are `<name>.crt` and `<name>.key`. */
  async issue(name: string, { user, groups = [], alternativeNames = [] }: CertificateSubject): Promise<Certificate> {
    const file = (extension: string) => join(this.#directory, `${name}.${extension}`);
    const subject = [...groups.map((group) => `/O=${escape(group)}`), `/CN=${escape(user)}`].join('');
    const extensions = ['extendedKeyUsage=clientAuth,serverAuth'];
    if (alternativeNames.length > 0) extensions.push(`subjectAltName=${alternativeNames.join(',')}`);
    await writeFile(file('ext'), `${extensions.join('\n')}\n`);
    await openssl(['req', '-new', ...NEW_KEY], { keyout: file('key'), out: file('csr'), subj: subject });
    await openssl(['x509', '-req'], {
      in: file('csr'),
      out: file('crt'),
      extfile: file('ext'),
      CA: this.certificateFile,
      CAkey: this.#keyFile,
      set_serial: serialNumber(),
      days: DAYS,
    });
    return { certificateFile: file('crt'), keyFile: file('key') };
  }
}

/** The key pair that signs and verifies service account tokens, in PEM. */
export interface TokenKeys {
  readonly privateKeyFile: string;
  readonly publicKeyFile: string;
}

export async function createTokenKeys(directory: string): Promise<TokenKeys> {
  const privateKeyFile = join(directory, 'service-accounts.key');
  const publicKeyFile = join(directory, 'service-accounts.pub');
  await openssl(['ecparam', '-genkey', '-noout'], { name: 'prime256v1', out: privateKeyFile });
  await openssl(['ec', '-pubout'], { in: privateKeyFile, out: publicKeyFile });
  return { privateKeyFile, publicKeyFile };
}

/** `/` and `=` separate the parts of openssl's `-subj`. */
function escape(text: string): string {
  return text.replace(/[\\/=]/g, '\\$&');
}

/** A file with the last serial number, openssl's default, would be a race between certificates issued at the same time. */
function serialNumber(): string {
  return `0x${crypto.randomUUID().replaceAll('-', '').replace(/^./, '1')}`;
}

async function openssl(command: readonly string[], options: Readonly<Record<string, string>>): Promise<void> {
  const args = [...command, ...Object.entries(options).flatMap(([name, value]) => [`-${name}`, value])];
  try {
    await promisify(execFile)('openssl', args);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const advice = 'install it (Debian and Ubuntu: apt-get install openssl)';
    throw new Error(`the test control plane needs \`openssl\` for its certificates: ${advice}`, { cause: error });
  }
}
