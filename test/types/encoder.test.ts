import { test } from 'node:test';
import { Encoder, type ImageInput, type RepresentationBatch, type Representations } from 'byol-torch';
import { expectTypeOf } from 'expect-type';

test('an encoder takes paths, bytes and pixels, one, some, or any number', () => {
  const pixels = { pixels: new Uint8Array(12), width: 2, height: 2 };
  expectTypeOf<string>().toExtend<ImageInput>();
  expectTypeOf<Buffer>().toExtend<ImageInput>();
  expectTypeOf(pixels).toExtend<ImageInput>();
  expectTypeOf<number[]>().not.toExtend<ImageInput>();
  const use = async (encoder: Encoder) => {
    expectTypeOf(await encoder.embed('a.jpg')).toEqualTypeOf<Representations>();
    await encoder.embed(['a.jpg', Buffer.alloc(3), pixels]);
    await encoder.embed(new Set(['a.jpg', 'b.jpg']));
    // @ts-expect-error no image
    await encoder.embed([3]);
    // @ts-expect-error many that are not there yet are for embedAll
    await encoder.embed(later());
    for await (const batch of encoder.embedAll(later())) expectTypeOf(batch).toEqualTypeOf<RepresentationBatch>();
    // @ts-expect-error no option
    encoder.embedAll(['a.jpg'], { batch: 3 });
  };
  expectTypeOf(use).returns.resolves.toBeVoid();
  async function* later() {
    yield 'a.jpg';
  }
});

test('it is loaded, not made, and is freed by await using', () => {
  expectTypeOf(Encoder.load).returns.resolves.toEqualTypeOf<Encoder>();
  expectTypeOf<Encoder>().toExtend<AsyncDisposable>();
  // @ts-expect-error by load() only
  const make = () => new Encoder({});
  expectTypeOf(make).toBeFunction();
  // @ts-expect-error no option
  const wrong = () => Encoder.load('run', { devise: 'cpu' });
  expectTypeOf(wrong).toBeFunction();
});
