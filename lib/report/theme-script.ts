/** A button for dark or light, whatever the system prefers. It is kept where the browser keeps anything. Pages hear 'themechange'. */
export const themeScript = `
(() => {
  const root = document.documentElement;
  const system = matchMedia('(prefers-color-scheme: dark)');
  const kept = { get: () => { try { return localStorage.getItem('byol-theme'); } catch { return null; } },
    set: (theme) => { try { localStorage.setItem('byol-theme', theme); } catch {} } };
  const is = () => root.dataset.theme ?? (system.matches ? 'dark' : 'light');
  const other = () => (is() === 'dark' ? 'light' : 'dark');
  const chosen = kept.get();
  if (chosen === 'dark' || chosen === 'light') root.dataset.theme = chosen;
  const told = () => document.dispatchEvent(new Event('themechange'));
  document.addEventListener('DOMContentLoaded', () => {
    const button = document.createElement('button');
    const name = () => { button.textContent = other() === 'dark' ? 'Dark' : 'Light'; };
    button.type = 'button';
    button.className = 'theme';
    button.title = 'Dark or light page';
    button.addEventListener('click', () => {
      root.dataset.theme = other();
      kept.set(root.dataset.theme);
      name();
      told();
    });
    system.addEventListener('change', () => { name(); told(); });
    name();
    document.body.prepend(button);
  });
})();
`;
