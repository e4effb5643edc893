/** Hands a file to the reader, without a server. */
export function save(root: HTMLElement, name: string, content: string | Blob): void {
  const link = root.ownerDocument.createElement("a");
  link.href = URL.createObjectURL(new Blob([content]));
  link.download = name.replace(/[^\p{L}\p{N}._]+/gu, "-").replace(/^[-.]+/, "");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** The drawing as pixels, sharp on any screen. */
export async function pixels(root: HTMLElement, svg: string): Promise<Blob> {
  const page = root.ownerDocument;
  const image = page.createElement("img");
  image.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  await image.decode();
  URL.revokeObjectURL(image.src);
  const scale = Math.max(2, devicePixelRatio);
  const canvas = page.createElement("canvas");
  canvas.width = image.width * scale;
  canvas.height = image.height * scale;
  canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done, fail) =>
    canvas.toBlob((blob) => (blob ? done(blob) : fail()), "image/png"),
  );
}
