import { StorageError } from './model-store.ts';
import { withoutSecrets } from './without-secrets.ts';

/** What was tried when a call failed, for the message. */
export interface FailedCall {
  /** `gs://bucket/name`. */
  readonly location: string;
  /** https://cloud.google.com/storage/docs/access-control/iam-permissions */
  readonly permission: 'storage.objects.get' | 'storage.objects.list';
  /** Who asked: an e-mail address where known. */
  readonly principal: string | undefined;
  /** No credentials were found, so the call was anonymous. */
  readonly anonymous: boolean;
}

const NO_CREDENTIALS_ADVICE =
  'set spec.serviceAccountName (Workload Identity), or put a key into GOOGLE_APPLICATION_CREDENTIALS_JSON; locally run "gcloud auth application-default login"';

/** HTTP status of an error of the storage or auth library; undefined for network failures. */
export function httpStatus(error: unknown): number | undefined {
  const { code, status } = error as { code?: unknown; status?: unknown };
  const found = [code, status].find((value) => /^[1-5]\d\d$/.test(String(value)));
  return found === undefined ? undefined : Number(found);
}

/**
 * Makes a StorageError of a failed call to the storage API. A table of HTTP statuses; everything without one is the network.
 * @throws the error itself when it is a mistake in the program
 */
export function classifyGcsError(error: unknown, call: FailedCall): StorageError {
  if (error instanceof StorageError) return error;
  if (error instanceof TypeError || error instanceof ReferenceError) throw error;
  const status = httpStatus(error);
  if (status === 401 || status === 403) {
    return new StorageError('ModelAccessDenied', deniedMessage(call, error), { cause: withoutSecrets(error) });
  }
  if (status === 404) {
    return new StorageError('ModelNotFound', `${call.location} does not exist: upload it or correct the path`, {
      cause: withoutSecrets(error),
    });
  }
  if (status === 400) {
    return new StorageError('ModelNotFound', `${call.location} is not a path that GCS accepts: correct it`, {
      cause: withoutSecrets(error),
    });
  }
  return unavailable(error, call.location);
}

/** Network, 408, 429, 5xx: again later. */
export function unavailable(error: unknown, location: string): StorageError {
  const status = httpStatus(error);
  const { code } = error as { code?: unknown };
  const how = status ? `HTTP ${status}` : typeof code === 'string' ? code : 'no answer';
  return new StorageError(
    'StorageUnavailable',
    `${location} could not be read from GCS (${how}): check the network and the service; it is tried again`,
    {
      cause: withoutSecrets(error),
    },
  );
}

/** A failure to get an access token, before any call to the storage API. */
export function classifyAuthError(error: unknown, location: string, principal: string | undefined): StorageError {
  const status = httpStatus(error);
  const networkCode = /^E(NOTFOUND|CONN|AI_|TIMEDOUT|HOSTUNREACH|NETUNREACH|PIPE)/.test(
    String((error as { code?: unknown }).code),
  );
  if (networkCode || status === 408 || status === 429 || (status !== undefined && status >= 500)) {
    return new StorageError('StorageUnavailable', 'Google could not be asked for an access token: it is tried again', {
      cause: withoutSecrets(error),
    });
  }
  const whose = principal ? ` of ${principal}` : '';
  return new StorageError(
    'ModelAccessDenied',
    `${location} cannot be read: Google refused the credentials${whose}; check the key, or the service account's Workload Identity binding`,
    { cause: withoutSecrets(error) },
  );
}

/** What the service says itself counts for more than what was guessed from the call: it may miss another permission. */
function deniedMessage({ location, permission, principal, anonymous }: FailedCall, error: unknown): string {
  if (anonymous) return `${location} is not public and no Google credentials were found: ${NO_CREDENTIALS_ADVICE}`;
  const named = readDenial(error);
  const who = principal ?? named.principal ?? 'the service account';
  const missing = named.permission ?? permission;
  const role = missing.startsWith('storage.objects.') ? ' (role Storage Object Viewer)' : '';
  return `${who} may not read ${location}: grant it ${missing}${role}, or correct the path`;
}

/**
 * The service starts its text with who asked and goes on with what is missing: `name@project.iam.gserviceaccount.com does not
 * have storage.objects.get access to the Google Cloud Storage object.`
 */
function readDenial(error: unknown): { principal: string | undefined; permission: string | undefined } {
  const { errors } = error as { errors?: readonly { message?: unknown }[] };
  const text = String(errors?.[0]?.message);
  return {
    principal: /^(?:[^\s"]+@[^\s"]+|principal:\/\/[^\s"]+)/.exec(text)?.[0],
    permission: / does not have ([a-z]+(?:\.[a-zA-Z]+)+) access\b/.exec(text)?.[1],
  };
}
