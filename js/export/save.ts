/** Hands a file to the reader, without a server. */
export function save(page: Document, name: string, content: Blob): void {
  const link = page.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A file's name from a model's title. */
export const fileName = (title: string, what: string): string =>
  `${
    title
      .replace(/[^\p{L}\p{N}._]+/gu, "-")
      .replace(/^[-.]+|[-.]+$/g, "")
      .slice(0, 60) || "explanation"
  }-${what}`;

/** The drawing as pixels, sharp on any screen. */
export async function pixels(page: Document, svg: string): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    const image = page.createElement("img");
    image.src = url;
    await image.decode();
    const scale = Math.max(2, page.defaultView?.devicePixelRatio ?? 1);
    const canvas = page.createElement("canvas");
    canvas.width = Math.round(image.width * scale);
    canvas.height = Math.round(image.height * scale);
    canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((done, fail) =>
      canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("No picture"))), "image/png"),
    );
  } finally {
    URL.revokeObjectURL(url);
  }
}
