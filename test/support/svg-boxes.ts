/** Where the texts of an SVG picture lie, by the advance widths of a wide font (DejaVu Sans), rounded up in three classes. */
export interface TextBox {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

function advance(character: string): number {
  if ("fijlrtI.,:;'|!()[]/ -".includes(character)) return 0.41;
  return /[mwMW%@]|[\u1100-\uffff]|[\u{10000}-\u{10ffff}]/u.test(character) ? 1 : 0.635;
}

export function textBoxes(svg: string): TextBox[] {
  const boxes: TextBox[] = [];
  const shifts: Array<readonly [x: number, y: number]> = [];
  for (const [, open, close, attributes = '', content = ''] of svg.matchAll(
    /(<g [^>]*>)|(<\/g>)|<text ([^>]*)>([^<]*)<\/text>/g,
  )) {
    if (open !== undefined) {
      const [, x = '0', y = '0'] = /translate\((-?[\d.]+) (-?[\d.]+)\)/.exec(open) ?? [];
      shifts.push([Number(x), Number(y)]);
    } else if (close !== undefined) shifts.pop();
    else boxes.push(boxOf(attributes, content, shifts));
  }
  return boxes;
}

function boxOf(attributes: string, content: string, shifts: ReadonlyArray<readonly [number, number]>): TextBox {
  const number = (name: string, otherwise: number): number =>
    Number(new RegExp(`(?:^| )${name}="(-?[\\d.]+)"`).exec(attributes)?.[1] ?? otherwise);
  const size = number('font-size', 12);
  const text = content.replace(/&(?:amp|lt|gt|quot|#39);/g, '&');
  const width =
    [...text].reduce((sum, character) => sum + advance(character), 0) *
    size *
    (attributes.includes('font-weight') ? 1.1 : 1);
  const x = shifts.reduce((sum, [dx]) => sum + dx, number('x', 0));
  const y = shifts.reduce((sum, [, dy]) => sum + dy, number('y', 0));
  const left = x - width * (attributes.includes('"end"') ? 1 : attributes.includes('"middle"') ? 0.5 : 0);
  return { text, left, right: left + width, top: y - 0.75 * size, bottom: y + 0.2 * size };
}

/** Pairs of texts that lie on each other, and texts that leave the picture, in words; none: all can be read. */
export function unreadable(svg: string): string[] {
  const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg) ?? [];
  const boxes = textBoxes(svg);
  const outside = boxes.filter(
    ({ left, right, top, bottom }) => left < 0 || top < 0 || right > Number(width) || bottom > Number(height),
  );
  const overlapping = boxes.flatMap((a, index) =>
    boxes
      .slice(index + 1)
      .filter((b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
      .map((b) => `'${a.text}' lies on '${b.text}'`),
  );
  return [...outside.map(({ text }) => `'${text}' leaves the picture`), ...overlapping];
}
