import { Encoder } from './encoder.js';

/** Every photo of the page: its file, its button in the list, its features. */
const photos = [];

const [drop, files, status, list] = ['drop', 'files', 'status', 'photos'].map((id) => document.getElementById(id));
const say = (text) => {
  status.textContent = text;
};

const model = new URLSearchParams(location.search).get('model') ?? 'encoder.onnx';
const loading = Encoder.load(model);
loading.then(
  () => say('Drop some photos.'),
  (error) => say(`The encoder cannot be loaded. ${error.message}`),
);

async function add(chosen) {
  const encoder = await loading;
  const refused = [];
  for (const [number, file] of [...chosen].entries()) {
    say(`Photo ${number + 1} of ${chosen.length}.`);
    try {
      photos.push({ name: file.name, features: await encoder.embed(file), item: show(file) });
    } catch {
      refused.push(file.name);
    }
  }
  const count = photos.length === 1 ? '1 photo' : `${photos.length} photos`;
  say(`${count}.${refused.length > 0 ? ` These are no images that the browser reads: ${refused.join(', ')}.` : ''}`);
}

function show(file) {
  const item = document.createElement('li');
  const button = document.createElement('button');
  button.type = 'button';
  const image = new Image();
  image.src = URL.createObjectURL(file);
  image.alt = '';
  const text = document.createElement('span');
  text.textContent = file.name;
  button.append(image, text);
  button.addEventListener('click', () => sortBy(photos.find((photo) => photo.item === item)));
  item.append(button);
  list.append(item);
  return item;
}

/** The nearest first. */
function sortBy(asked) {
  const likeness = ({ features }) => features.reduce((sum, value, i) => sum + value * asked.features[i], 0);
  const sorted = photos
    .map((photo) => ({ ...photo, likeness: likeness(photo) }))
    .sort((a, b) => b.likeness - a.likeness);
  for (const { item, name, likeness } of sorted) {
    const [button, text] = [item.querySelector('button'), item.querySelector('span')];
    button.setAttribute('aria-pressed', String(item === asked.item));
    text.textContent = item === asked.item ? name : `${likeness.toFixed(3)} ${name}`;
    list.append(item);
  }
}

files.addEventListener('change', () => add([...files.files]));
drop.addEventListener('dragover', (event) => {
  event.preventDefault();
  drop.classList.add('over');
});
drop.addEventListener('dragleave', () => drop.classList.remove('over'));
drop.addEventListener('drop', (event) => {
  event.preventDefault();
  drop.classList.remove('over');
  add([...event.dataTransfer.files]);
});
