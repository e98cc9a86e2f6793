/** What can be wrong with what an image is made of. */
export type ImageErrorCode =
  /** The bundle of the program does not exist. */
  | 'ERR_IMAGE_BUNDLE'
  /** A downloaded package is not the one that was pinned. */
  | 'ERR_IMAGE_INTEGRITY'
  /** A file cannot be put into an archive under its name. */
  | 'ERR_IMAGE_PATH'
  /** The name of the image is not one. */
  | 'ERR_IMAGE_REFERENCE'
  /** A package lacks a file that is needed. */
  | 'ERR_IMAGE_FILE';

export class ImageError extends Error {
  constructor(readonly code: ImageErrorCode, message: string) {
    super(message);
    this.name = 'ImageError';
  }
}
