/** What a page about neighbours does: a pointer or arrow keys mark an image in every map, and the legend shows classes alone. */
export const neighboursScript = `
(() => {
  const data = JSON.parse(document.getElementById('neighbours').textContent);
  const maps = [...document.querySelectorAll('.map')];
  const tip = document.querySelector('.tip');
  const picture = document.querySelector('.tip-picture');
  const text = document.querySelector('.tip-text');
  const readout = document.querySelector('.readout');
  const SIDE = 600;
  let current = -1;
  const name = (i) => data.names[i] + (data.classNames[data.labels[i]] === undefined ? '' : ' · ' + data.classNames[data.labels[i]]);
  const hide = () => {
    current = -1;
    tip.hidden = true;
    readout.textContent = '';
    for (const map of maps) map.querySelector('.marker').setAttribute('cx', -20);
  };
  const show = (i, over) => {
    const { sheet } = data;
    if (i !== current) {
      current = i;
      maps.forEach((map, m) => {
        const marker = map.querySelector('.marker');
        marker.setAttribute('cx', data.maps[m][2 * i]);
        marker.setAttribute('cy', data.maps[m][2 * i + 1]);
      });
      const zoom = 96 / sheet.side;
      const rows = Math.ceil(data.names.length / sheet.columns);
      picture.style.backgroundImage = 'url("' + sheet.address + '")';
      picture.style.backgroundSize = sheet.columns * 96 + 'px ' + rows * 96 + 'px';
      picture.style.backgroundPosition = -(i % sheet.columns) * sheet.side * zoom + 'px ' + -Math.floor(i / sheet.columns) * sheet.side * zoom + 'px';
      text.textContent = name(i);
      readout.textContent = name(i);
    }
    tip.hidden = false;
    const box = maps[over].getBoundingClientRect();
    const x = box.left + (data.maps[over][2 * i] / SIDE) * box.width;
    const y = box.top + (data.maps[over][2 * i + 1] / SIDE) * box.height;
    const { offsetWidth: w, offsetHeight: h } = tip;
    tip.style.left = Math.max(4, Math.min(innerWidth - w - 4, x + 16 + w > innerWidth ? x - w - 16 : x + 16)) + 'px';
    tip.style.top = Math.max(4, Math.min(innerHeight - h - 4, y - h / 2)) + 'px';
  };
  const nearest = (m, x, y, allowed) => {
    let [best, least] = [-1, Infinity];
    for (let i = 0; i < data.names.length; i += 1) {
      const [dx, dy] = [data.maps[m][2 * i] - x, data.maps[m][2 * i + 1] - y];
      const distance = allowed(dx, dy, i);
      if (distance < least) [best, least] = [i, distance];
    }
    return [best, least];
  };
  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  maps.forEach((map, m) => {
    const point = (event) => {
      const box = map.getBoundingClientRect();
      const [x, y] = [((event.clientX - box.left) / box.width) * SIDE, ((event.clientY - box.top) / box.height) * SIDE];
      const [i, distance] = nearest(m, x, y, (dx, dy) => dx * dx + dy * dy);
      if (distance < 24 * 24) show(i, m);
      else hide();
    };
    map.addEventListener('pointermove', point);
    map.addEventListener('pointerdown', point);
    map.addEventListener('pointerleave', hide);
    map.addEventListener('blur', hide);
    map.addEventListener('focus', () => {
      if (map.matches(':focus-visible') && current < 0) show(nearest(m, SIDE / 2, SIDE / 2, (dx, dy) => dx * dx + dy * dy)[0], m);
    });
    map.addEventListener('keydown', (event) => {
      const arrow = arrows[event.key];
      if (event.key === 'Escape') hide();
      if (!arrow) return;
      event.preventDefault();
      const [x, y] = current < 0 ? [SIDE / 2, SIDE / 2] : [data.maps[m][2 * current], data.maps[m][2 * current + 1]];
      // The nearest one in a quarter of the plane.
      const [i] = nearest(m, x, y, (dx, dy, other) => {
        const along = dx * arrow[0] + dy * arrow[1];
        const across = Math.abs(dx * arrow[1]) + Math.abs(dy * arrow[0]);
        return other === current || along <= 0 || across > along ? Infinity : dx * dx + dy * dy;
      });
      if (i >= 0) show(i, m);
    });
  });
  const buttons = [...document.querySelectorAll('.legend button')];
  for (const button of buttons) {
    button.addEventListener('click', () => {
      const pressed = button.getAttribute('aria-pressed') !== 'true';
      for (const other of buttons) other.setAttribute('aria-pressed', String(pressed && other === button));
      for (const path of document.querySelectorAll('.point')) {
        path.classList.toggle('dim', pressed && path.dataset.class !== button.dataset.class);
      }
    });
  }
  addEventListener('scroll', () => { tip.hidden = true; }, { passive: true });
})();
`;
