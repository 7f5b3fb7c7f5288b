/** Reads QR codes from a picture of the camera: by the browser itself where it can, else by a decoder fetched now. */

type Detector = { detect(source: CanvasImageSource): Promise<{ rawValue: string }[]> };
declare const BarcodeDetector: undefined | { new (options: { formats: string[] }): Detector; getSupportedFormats(): Promise<string[]> };

/** Reads the text of a code in a picture, or `null`. */
export type Read = (video: HTMLVideoElement) => Promise<string | null>;

/** A reader. */
export async function reader(): Promise<Read> {
  if (typeof BarcodeDetector !== "undefined" && (await BarcodeDetector.getSupportedFormats().catch((): string[] => [])).includes("qr_code")) {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async (video) => (await detector.detect(video).catch(() => []))[0]?.rawValue ?? null;
  }
  return decoder();
}

async function decoder(): Promise<Read> {
  const { default: jsQR } = await import("jsqr");
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    if (context === null || video.videoWidth === 0) return null;
    const scale = Math.min(1, 800 / Math.max(video.videoWidth, video.videoHeight));
    [canvas.width, canvas.height] = [Math.round(video.videoWidth * scale), Math.round(video.videoHeight * scale)];
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const picture = context.getImageData(0, 0, canvas.width, canvas.height);
    return jsQR(picture.data, picture.width, picture.height)?.data ?? null;
  };
}
