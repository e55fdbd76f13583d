/** An encoder that `byol export` wrote, with the images that it expects: in ONNX's metadata it says what becomes of a photo. */
import * as ort from 'onnxruntime-web/wasm';

// More threads need a page that is isolated from others (headers COOP and COEP).
if (!globalThis.crossOriginIsolated) ort.env.wasm.numThreads = 1;

/** The central square of this part of the shorter side is seen (transform 'official'); torchvision's Resize(256), CenterCrop(224). */
const SEEN = { official: 0.875, torchvision: 224 / 256 };

export class Encoder {
  #session;
  #metadata;
  #canvas;

  /** @param {string} address of the model */
  static async load(address) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${address}: ${answer.status} ${answer.statusText}`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const encoder = new Encoder();
    encoder.#metadata = readMetadata(bytes);
    encoder.#canvas = new OffscreenCanvas(encoder.size, encoder.size);
    encoder.#session = await ort.InferenceSession.create(bytes);
    return encoder;
  }

  /** Side of what the network sees of an image, in pixels. */
  get size() {
    return Number(this.#metadata.get('input_size'));
  }

  /** @param {Blob} file an image. @returns {Promise<Float32Array>} its features, of length 1: their dot product is the cosine. */
  async embed(file) {
    const features = await this.features(await this.#pixels(file));
    const length = Math.hypot(...features);
    return features.map((value) => value / length);
  }

  /** @param {Uint8ClampedArray} rgba of an image of the encoder's size. @returns {Promise<Float32Array>} as the model gives them */
  async features(rgba) {
    const [name] = this.#session.inputNames;
    const { features } = await this.#session.run({
      [name]: name === 'pixels' ? this.#bytes(rgba) : this.#numbers(rgba),
    });
    return Float32Array.from(features.data);
  }

  /** What the evaluation sees: all of an image that has the encoder's size, else the middle of it, resized by the browser. */
  async #pixels(file) {
    const { size } = this;
    const image = await createImageBitmap(file, { colorSpaceConversion: 'none' });
    const whole = image.width === size && image.height === size;
    const side = whole ? size : Math.min(image.width, image.height) * SEEN[this.#metadata.get('transform')];
    const context = this.#canvas.getContext('2d', { willReadFrequently: true });
    context.imageSmoothingQuality = 'high';
    context.drawImage(image, (image.width - side) / 2, (image.height - side) / 2, side, side, 0, 0, size, size);
    image.close();
    return context.getImageData(0, 0, size, size).data;
  }

  /** uint8 [1, height, width, 3]: a model of `byol export --pixels` normalises itself. */
  #bytes(rgba) {
    const pixels = Uint8Array.from(
      { length: (rgba.length / 4) * 3 },
      (_, at) => rgba[Math.floor(at / 3) * 4 + (at % 3)],
    );
    return new ort.Tensor('uint8', pixels, [1, this.size, this.size, 3]);
  }

  /** float32 [1, 3, height, width] */
  #numbers(rgba) {
    const [mean, std] = ['mean', 'std'].map((name) => JSON.parse(this.#metadata.get(name)));
    const area = this.size ** 2;
    const values = Float32Array.from({ length: 3 * area }, (_, at) => {
      const channel = Math.floor(at / area);
      return (rgba[(at % area) * 4 + channel] / 255 - mean[channel]) / std[channel];
    });
    return new ort.Tensor('float32', values, [1, 3, this.size, this.size]);
  }
}

/** onnxruntime-web does not tell a model's metadata: they are field 14 of the file, a message of a key (1) and a value (2) each. */
function readMetadata(model) {
  const text = (bytes) => new TextDecoder().decode(bytes);
  const metadata = new Map();
  for (const [field, entry] of fields(model)) {
    if (field !== 14) continue;
    const parts = new Map(fields(entry));
    metadata.set(text(parts.get(1)), text(parts.get(2)));
  }
  if (!metadata.has('input_size'))
    throw new Error('The model does not say which images it takes; `byol export` writes one that does.');
  return metadata;
}

/** Of a protobuf message: fields that are bytes. */
function* fields(message) {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++];
      value += (byte & 127) * scale;
      if (!(byte & 128)) return value;
    }
  };
  while (at < message.length) {
    const key = varint();
    const type = key % 8;
    if (type === 0) varint();
    else {
      const length = type === 1 ? 8 : type === 5 ? 4 : varint();
      if (type === 2) yield [Math.floor(key / 8), message.subarray(at, at + length)];
      at += length;
    }
  }
}
