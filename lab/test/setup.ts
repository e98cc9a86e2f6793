import { ensurePrivileges } from '../privileges';

/** Tests need network namespaces: as root, or with jest as a whole inside a user namespace. */
export default async function setup(): Promise<void> {
  const found = await ensurePrivileges();
  if (found.mode === 'none') throw new Error(`These tests cannot run here: ${found.missing}`);
}
