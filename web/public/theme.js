// Runs before the first paint so that a chosen theme never flashes the other one. The page's modules come too late for
// that, and the content security policy forbids inline scripts.
try {
  const theme = localStorage.getItem('codechill.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be blocked: follow the system.
}
