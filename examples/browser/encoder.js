/** An encoder that `byol export` wrote, with the images that it expects: in ONNX's metadata it says what becomes of a photo. */
import * as ort from 'onnxruntime-web/wasm';
import { evaluationPixels } from './resize.js';

// More threads need a page that is isolated from others (headers COOP and COEP).
if (!globalThis.crossOriginIsolated) ort.env.wasm.numThreads = 1;

export class Encoder {
  #session;
  #metadata;

  /** @param {string} address of the model */
  static async load(address) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${address}: ${answer.status} ${answer.statusText}`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const encoder = new Encoder();
    encoder.#metadata = readMetadata(bytes);
    encoder.#session = await ort.InferenceSession.create(bytes);
    return encoder;
  }

  /** Side of what the network sees of an image, in pixels. */
  get size() {
    return Number(this.#metadata.get('input_size'));
  }

  /** @param {Blob} file an image. @returns {Promise<Float32Array>} its features, of length 1: their dot product is the cosine. */
  async embed(file) {
    const features = await this.features(file);
    const length = Math.hypot(...features);
    return features.map((value) => value / length);
  }

  /** @param {Blob} file an image. @returns {Promise<Float32Array>} as the model gives them */
  async features(file) {
    const pixels = evaluationPixels(await decode(file), this.size, Object.fromEntries(this.#metadata));
    const [name] = this.#session.inputNames;
    const input = name === 'pixels' ? this.#bytes(pixels) : this.#numbers(pixels);
    const { features } = await this.#session.run({ [name]: input });
    return Float32Array.from(features.data);
  }

  /** uint8 [1, height, width, 3]: a model of `byol export --pixels` normalises itself. */
  #bytes(pixels) {
    const whole = Uint8Array.from(pixels, (value) => Math.round(value));
    return new ort.Tensor('uint8', whole, [1, this.size, this.size, 3]);
  }

  /** float32 [1, 3, height, width] */
  #numbers(pixels) {
    const [mean, std] = ['mean', 'std'].map((name) => JSON.parse(this.#metadata.get(name)));
    const area = this.size ** 2;
    const values = Float32Array.from({ length: 3 * area }, (_, at) => {
      const channel = Math.floor(at / area);
      return (pixels[(at % area) * 3 + channel] / 255 - mean[channel]) / std[channel];
    });
    return new ort.Tensor('float32', values, [1, 3, this.size, this.size]);
  }
}

/** Its pixels as they are in the file, turned as its EXIF data say. */
async function decode(file) {
  const image = await createImageBitmap(file, { colorSpaceConversion: 'none' });
  const context = new OffscreenCanvas(image.width, image.height).getContext('2d', { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const { width, height } = image;
  image.close();
  return context.getImageData(0, 0, width, height);
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
