import type { SetName } from '../sets/index.js';

/**
 * Public sets of images: where they lie, how large they are and what they become. URLs and checksums are of torchvision's data sets (MD5) and of
 * TensorFlow Datasets' lists of checksums (SHA-256, bytes), whichever has them; of CIFAR of its own page (MD5), of SUN397's partitions of torchvision's
 * prototypes (SHA-256).
 */

export interface Checksum {
  readonly algorithm: 'md5' | 'sha256';
  /** In hexadecimal digits. */
  readonly value: string;
}

export interface SetFile {
  /** As it is kept until it is unpacked. */
  readonly name: string;
  /** Tried in turn. */
  readonly urls: readonly string[];
  /** As others have found it, to be told beforehand; what the server says and the checksum decide. null: not known. */
  readonly bytes: number | null;
  /** null: none is known, and only the server's length is compared. */
  readonly checksum: Checksum | null;
  /** No archive: the file itself, which keeps its name. */
  readonly isPlain?: boolean;
  /** Unpacked there, below the folder of the set; left out: in it. */
  readonly into?: string;
  /** Archives that are in this one, and are unpacked where they lie. */
  readonly inner?: readonly string[];
}

export interface PublicSet {
  readonly title: string;
  readonly images: number;
  readonly files: readonly SetFile[];
  /** The folder in the archives that has everything, and becomes the set's; null: all that is unpacked. */
  readonly root: string | null;
  /** The name that its folder gets. */
  readonly folder: string;
  /** What to train with, below the folder; '': the folder itself. */
  readonly data: string;
  /** What it is known as once it is unpacked, where its classes and splits are in lists of its own. */
  readonly set?: SetName;
  readonly home: string;
  /** A sentence. */
  readonly terms: string;
}

const md5 = (value: string): Checksum => ({ algorithm: 'md5', value });
const sha256 = (value: string): Checksum => ({ algorithm: 'sha256', value });

function imagenette(name: string, bytes: number, checksum: string): PublicSet {
  return {
    title: `Imagenette, ${name === 'imagenette2' ? 'full size' : `shorter side ${name.slice(-3)} pixels`}`,
    images: 13_394,
    files: [
      {
        name: `${name}.tgz`,
        urls: [`https://s3.amazonaws.com/fast-ai-imageclas/${name}.tgz`],
        bytes,
        checksum: md5(checksum),
      },
    ],
    root: name,
    folder: name,
    data: '',
    home: 'https://github.com/fastai/imagenette',
    terms: "Images of ImageNet, for research that is not commercial, by ImageNet's terms.",
  };
}

const vgg = 'https://www.robots.ox.ac.uk/~vgg/data';

export const publicSets = {
  cifar10: {
    title: 'CIFAR-10',
    images: 60_000,
    files: [
      {
        name: 'cifar-10-binary.tar.gz',
        urls: ['https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz'],
        bytes: 170_052_171,
        checksum: md5('c32a1d4ab5d03f1284b67883e8d87530'),
      },
    ],
    root: 'cifar-10-batches-bin',
    folder: 'cifar-10-batches-bin',
    data: '',
    home: 'https://www.cs.toronto.edu/~kriz/cifar.html',
    terms: 'No licence is stated; the authors ask for their report to be cited.',
  },
  cifar100: {
    title: 'CIFAR-100',
    images: 60_000,
    files: [
      {
        name: 'cifar-100-binary.tar.gz',
        urls: ['https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz'],
        bytes: 168_513_733,
        checksum: md5('03b5dce01913d631647c71ecec9e9cb8'),
      },
    ],
    root: 'cifar-100-binary',
    folder: 'cifar-100-binary',
    data: '',
    home: 'https://www.cs.toronto.edu/~kriz/cifar.html',
    terms: 'No licence is stated; the authors ask for their report to be cited.',
  },
  stl10: {
    title: 'STL-10, with 100,000 images without labels',
    images: 113_000,
    files: [
      {
        name: 'stl10_binary.tar.gz',
        urls: ['http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz'],
        bytes: 2_640_397_119,
        checksum: md5('91f7769df0f17e558f3565bffb0c7dfb'),
      },
    ],
    root: 'stl10_binary',
    folder: 'stl10_binary',
    data: '',
    home: 'https://cs.stanford.edu/~acoates/stl10/',
    terms: "Images of ImageNet, for research that is not commercial, by ImageNet's terms.",
  },
  'imagenette-160': imagenette('imagenette2-160', 99_003_388, 'e793b78cc4c9e9a4ccc0c1155377a412'),
  'imagenette-320': imagenette('imagenette2-320', 341_663_724, '3df6f0d01a2c9592104656642f5e78a3'),
  imagenette: imagenette('imagenette2', 1_557_161_267, 'fe2fc210e6bb7c5664d602c3cd71e612'),
  'tiny-imagenet': {
    title: 'Tiny ImageNet, 200 classes of 64 pixels',
    images: 110_000,
    files: [
      {
        name: 'tiny-imagenet-200.zip',
        urls: ['http://cs231n.stanford.edu/tiny-imagenet-200.zip'],
        bytes: 248_100_043,
        checksum: md5('90528d7ca1a48142e341f4ef8d21d0de'),
      },
    ],
    root: 'tiny-imagenet-200',
    folder: 'tiny-imagenet-200',
    data: '',
    home: 'http://cs231n.stanford.edu/',
    terms: "Images of ImageNet, for research that is not commercial, by ImageNet's terms.",
  },
  food101: {
    title: 'Food-101',
    images: 101_000,
    files: [
      {
        name: 'food-101.tar.gz',
        urls: ['http://data.vision.ee.ethz.ch/cvl/food-101.tar.gz'],
        bytes: 4_996_278_331,
        checksum: md5('85eeb15f3717b99a5da872d97d918f87'),
      },
    ],
    root: 'food-101',
    folder: 'food-101',
    data: '',
    set: 'food101',
    home: 'https://data.vision.ee.ethz.ch/cvl/datasets_extra/food-101/',
    terms: 'Images of Foodspotting, whose rights are not with the authors; for scientific fair use.',
  },
  flowers102: {
    title: 'Oxford Flowers-102',
    images: 8189,
    files: [
      {
        name: '102flowers.tgz',
        urls: [`${vgg}/flowers/102/102flowers.tgz`],
        bytes: 344_862_509,
        checksum: md5('52808999861908f626f3c1f4e79d11fa'),
      },
      {
        name: 'imagelabels.mat',
        urls: [`${vgg}/flowers/102/imagelabels.mat`],
        bytes: null,
        checksum: md5('e0620be6f572b9609742df49c70aed4d'),
        isPlain: true,
      },
      {
        name: 'setid.mat',
        urls: [`${vgg}/flowers/102/setid.mat`],
        bytes: null,
        checksum: md5('a5357ecc9cb78c4bef273ce3793fc85c'),
        isPlain: true,
      },
    ],
    root: null,
    folder: 'flowers-102',
    data: '',
    set: 'flowers102',
    home: 'https://www.robots.ox.ac.uk/~vgg/data/flowers/102/',
    terms: 'No licence is stated; images are of various web sites.',
  },
  pets: {
    title: 'Oxford-IIIT Pets, 37 breeds',
    images: 7349,
    files: [
      {
        name: 'images.tar.gz',
        urls: [`${vgg}/pets/data/images.tar.gz`],
        bytes: 791_918_971,
        checksum: md5('5c4f3ee8e5d25df40f4fd59a7f44e54c'),
      },
      {
        name: 'annotations.tar.gz',
        urls: [`${vgg}/pets/data/annotations.tar.gz`],
        bytes: 19_173_078,
        checksum: md5('95a8c909bbe2e81eed6a22bccdf3f68f'),
      },
    ],
    root: null,
    folder: 'oxford-iiit-pet',
    data: '',
    set: 'pets',
    home: 'https://www.robots.ox.ac.uk/~vgg/data/pets/',
    terms: 'Creative Commons Attribution-ShareAlike 4.0.',
  },
  dtd: {
    title: 'Describable Textures, first partition',
    images: 5640,
    files: [
      {
        name: 'dtd-r1.0.1.tar.gz',
        urls: [`${vgg}/dtd/download/dtd-r1.0.1.tar.gz`],
        bytes: 625_239_812,
        checksum: md5('fff73e5086ae6bdbea199a49dfb8a4c1'),
      },
    ],
    root: 'dtd',
    folder: 'dtd',
    data: '',
    set: 'dtd',
    home: 'https://www.robots.ox.ac.uk/~vgg/data/dtd/',
    terms: 'For research.',
  },
  aircraft: {
    title: 'FGVC Aircraft, variants',
    images: 10_000,
    files: [
      {
        name: 'fgvc-aircraft-2013b.tar.gz',
        urls: [`${vgg}/fgvc-aircraft/archives/fgvc-aircraft-2013b.tar.gz`],
        bytes: null,
        checksum: null,
      },
    ],
    root: 'fgvc-aircraft-2013b',
    folder: 'fgvc-aircraft-2013b',
    data: '',
    set: 'aircraft',
    home: 'https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft/',
    terms: 'For research that is not commercial; images belong to their photographers.',
  },
  caltech101: {
    title: 'Caltech-101, and a class of backgrounds',
    images: 9144,
    files: [
      {
        name: 'caltech-101.zip',
        urls: ['https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip'],
        bytes: 137_414_764,
        checksum: null,
        inner: ['caltech-101/101_ObjectCategories.tar.gz'],
      },
    ],
    root: 'caltech-101/101_ObjectCategories',
    folder: '101_ObjectCategories',
    data: '',
    set: 'caltech101',
    home: 'https://data.caltech.edu/records/mzrjq-6wc02',
    terms: 'Creative Commons Attribution 4.0.',
  },
  voc2007: {
    title: 'PASCAL VOC 2007, any number of 20 classes for each image',
    images: 9963,
    files: [
      {
        name: 'VOCtrainval_06-Nov-2007.tar',
        urls: [
          'http://host.robots.ox.ac.uk/pascal/VOC/voc2007/VOCtrainval_06-Nov-2007.tar',
          'http://pjreddie.com/media/files/VOCtrainval_06-Nov-2007.tar',
        ],
        bytes: 460_032_000,
        checksum: md5('c52e279531787c972589f7e41ab4ae64'),
      },
      {
        name: 'VOCtest_06-Nov-2007.tar',
        urls: [
          'http://host.robots.ox.ac.uk/pascal/VOC/voc2007/VOCtest_06-Nov-2007.tar',
          'http://pjreddie.com/media/files/VOCtest_06-Nov-2007.tar',
        ],
        bytes: 451_020_800,
        checksum: md5('b6e924de25625d8de591ea690078ad9f'),
      },
    ],
    root: 'VOCdevkit',
    folder: 'VOCdevkit',
    data: '',
    set: 'voc2007',
    home: 'http://host.robots.ox.ac.uk/pascal/VOC/voc2007/',
    terms: "Images of Flickr, by Flickr's terms of use.",
  },
  sun397: {
    title: 'SUN397, first partition, and images of none',
    images: 108_754,
    files: [
      {
        name: 'SUN397.tar.gz',
        urls: [
          'http://vision.princeton.edu/projects/2010/SUN/SUN397.tar.gz',
          'https://vision.princeton.edu/projects/2010/SUN/SUN397.tar.gz',
        ],
        bytes: 39_077_296_924,
        checksum: md5('8ca2778205c41d23104230ba66911c7a'),
      },
      {
        name: 'Partitions.zip',
        urls: ['https://vision.princeton.edu/projects/2010/SUN/download/Partitions.zip'],
        bytes: null,
        checksum: sha256('e3311ea5f812d4cc6faef194688343d1111f6cd6f70f2c62f393c2b8d6ba1ec9'),
        into: 'SUN397/Partitions',
      },
    ],
    root: 'SUN397',
    folder: 'SUN397',
    data: '',
    set: 'sun397',
    home: 'https://vision.princeton.edu/projects/2010/SUN/',
    terms: 'No licence is stated; images are of the web.',
  },
  places365: {
    title: 'Places365, 256 x 256 pixels',
    images: 1_839_960,
    files: [
      {
        name: 'train_256_places365standard.tar',
        urls: ['http://data.csail.mit.edu/places/places365/train_256_places365standard.tar'],
        bytes: 26_103_685_120,
        checksum: md5('53ca1c756c3d1e7809517cc47c5561c5'),
      },
      {
        name: 'val_256.tar',
        urls: ['http://data.csail.mit.edu/places/places365/val_256.tar'],
        bytes: 525_158_400,
        checksum: md5('e27b17d8d44f4af9a78502beb927f808'),
      },
      {
        name: 'filelist_places365-standard.tar',
        urls: ['http://data.csail.mit.edu/places/places365/filelist_places365-standard.tar'],
        bytes: 67_498_496,
        checksum: sha256('520699e00d69b63ddc29fac54645aa00ce1c10ca42e288960aa1cf791d6e9aa9'),
      },
    ],
    root: null,
    folder: 'places365-256',
    data: '',
    set: 'places365',
    home: 'http://places2.csail.mit.edu/',
    terms: 'For research and education that are not commercial.',
  },
} as const satisfies Readonly<Record<string, PublicSet>>;

/** Sets that cannot be fetched: whom to ask, and where to unpack what one gets. */
export const elsewhere: Readonly<Record<string, string>> = {
  imagenet:
    'ImageNet (ILSVRC 2012) needs an account: https://image-net.org/download.php. Unpack to DIR/train/WNID/*.JPEG, DIR/val/*.JPEG and DIR/ILSVRC2012_devkit_t12, and give DIR.',
  cars: "Stanford Cars: its first home is gone, and others ask for an account, such as Kaggle's. Unpack to DIR/cars_train, DIR/cars_test and DIR/devkit, put cars_test_annos_withlabels.mat into DIR, and give DIR.",
  birdsnap:
    'Birdsnap is a list of URLs, of which many are gone: https://thomasberg.org/datasets/birdsnap/1.1/birdsnap.tgz. Unpack to DIR, run its get_birdsnap.py there, which downloads what is left, and give DIR.',
  inaturalist:
    'iNaturalist: see https://github.com/visipedia/inat_comp. Unpack to DIR/train/CLASS/*.jpg and DIR/val/CLASS/*.jpg, and give DIR.',
};
