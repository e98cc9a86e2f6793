/** Images as files: the OCI image layout (image-spec 1.1), which skopeo, podman and containerd read without a daemon. */
import { createHash } from 'crypto';
import * as fs from 'fs';
import * as path from 'path';
import { gzipSync } from 'zlib';
import { Entry, tar } from './tar';

export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}

export interface Layer {
  descriptor: Descriptor;
  /** Digest of the archive before compression. */
  diffId: string;
  /** Bytes before compression. */
  unpacked: number;
}

export interface Platform {
  architecture: string;
  os: string;
}

const TYPE = 'application/vnd.oci.image';
const INDEX = `${TYPE}.index.v1+json`, MANIFEST = `${TYPE}.manifest.v1+json`;

export function sha256(bytes: Buffer): string {
  return 'sha256:' + createHash('sha256').update(bytes).digest('hex');
}

/** A folder with one named image for several platforms. */
export class Layout {
  private readonly manifests: (Descriptor & { platform: Platform })[] = [];

  /**
   * @param folder is emptied first
   * @param compress gzip, with a cache perhaps; the digest of a layer depends on its bytes
   */
  constructor(private readonly folder: string, private readonly compress: (archive: Buffer) => Buffer = gzip) {
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(path.join(folder, 'blobs/sha256'), { recursive: true });
  }

  layer(entries: Entry[]): Layer {
    const archive = tar(entries);
    return {
      descriptor: this.blob(`${TYPE}.layer.v1.tar+gzip`, this.compress(archive)),
      diffId: sha256(archive),
      unpacked: archive.length,
    };
  }

  /** Adds the image of one platform. */
  image(platform: Platform, layers: Layer[], created: string, config: object): void {
    const manifest = {
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: this.blob(`${TYPE}.config.v1+json`, {
        created,
        ...platform,
        config,
        rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
      }),
      layers: layers.map((layer) => layer.descriptor),
    };
    this.manifests.push({ ...this.blob(MANIFEST, manifest), platform });
  }

  /** Writes the index of all platforms under a name such as `localhost/name:1.0.0`, and gives its digest. */
  finish(reference: string, annotations: Record<string, string>): string {
    const index = this.blob(INDEX, { schemaVersion: 2, mediaType: INDEX, manifests: this.manifests, annotations });
    // The first annotation is for skopeo and podman, the second for containerd.
    const names = { 'org.opencontainers.image.ref.name': reference, 'io.containerd.image.name': reference };
    this.write('oci-layout', { imageLayoutVersion: '1.0.0' });
    this.write('index.json', { schemaVersion: 2, mediaType: INDEX, manifests: [{ ...index, annotations: names }] });
    return index.digest;
  }

  private blob(mediaType: string, content: Buffer | object): Descriptor {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
    const digest = sha256(bytes);
    fs.writeFileSync(path.join(this.folder, 'blobs', digest.replace(':', '/')), bytes);
    return { mediaType, digest, size: bytes.length };
  }

  private write(name: string, content: object) {
    fs.writeFileSync(path.join(this.folder, name), JSON.stringify(content));
  }
}

export function gzip(archive: Buffer): Buffer {
  return gzipSync(archive, { level: 9 });
}
