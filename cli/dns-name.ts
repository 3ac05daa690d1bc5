/** 52 of a label's 63 characters: the rest is for suffixes of children. The CRD says the same. */
const MAX_NAME_CHARACTERS = 52;

/** A name that a ModelDeployment can have, made of any text: `Fraud_v2` becomes `fraud-v2`; empty when nothing of it can stay. */
export function dnsName(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '')
    .slice(0, MAX_NAME_CHARACTERS)
    .replace(/-+$/, '');
}
