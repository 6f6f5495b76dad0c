// The sandbox bench: every language bare, cold, warm and cached, the cost of a box, throughput, and one run over the real server.
//   node bench/sandbox/run.mjs [--quick] [--languages python,java] [--no-server]
// Prints X1 to X6 with what must be met and what is the goal. Everything stands beside the same toolchain without a box, in the same run.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const options = process.argv.slice(2);
const quick = options.includes('--quick');
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const say = (text) => console.log(text);

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'inherit'] });
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${result.stdout}`);
  return result.stdout;
}

say('building …');
run('dotnet', ['build', join(here, 'CodeChill.Sandbox.Bench.csproj'), '-c', 'Release', '-v', 'q', '-nologo']);
const output = run(join(here, 'bin/Release/net10.0/CodeChill.Sandbox.Bench'), options.filter((option) => option !== '--no-server'));
const x = {};
for (const line of output.split('\n')) {
  const [mark, name, value] = line.split(' ');
  if (mark === 'x') x[name] = Number(value);
  else say(line);
}

if (!options.includes('--no-server')) {
  const { ServerProcess } = await import(join(root, 'tests/conformance/server.mjs'));
  const { guest } = await import(join(root, 'tests/conformance/clients.mjs'));
  const server = await new ServerProcess().start();
  try {
    // They take turns, each in a room of their own: one alone would be told to slow down.
    const turns = [];
    for (const name of ['Ada', 'Bob', 'Cleo', 'Dan']) {
      const person = await guest(server, name);
      const room = await person.room({ language: 'python' });
      turns.push({ room, peer: await person.enter(room.id) });
    }
    const times = [];
    for (let i = 0; i < (quick ? 8 : 25); i++) {
      const { peer, room } = turns[i % turns.length];
      const start = performance.now();
      const completed = peer.next('execution_completed', () => true, 60_000);
      peer.send('execute_code', { room_id: room.id, source_code: 'print(1)', language: 'python' });
      await completed;
      if (i >= turns.length) times.push(performance.now() - start);
      // Nobody presses Run again sooner; by then the next box is there.
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    x.X2 = median(times) - x.python_bare_wall;
    say(`\npython one-liner over the server: ${median(times).toFixed(1)} ms from the event to execution_completed, bare ${x.python_bare_wall.toFixed(1)} ms`);
    for (const { peer } of turns) peer.close();
  } finally {
    await server.stop();
  }
}

const compiled = ['csharp', 'java', 'typescript', 'go', 'rust', 'cpp'].filter((name) => x[`warm_${name}`] !== undefined);
const slowest = compiled.sort((a, b) => x[`warm_${b}`] - x[`warm_${a}`])[0];
const cached = Object.keys(x).filter((name) => name.startsWith('X5_bare_')).sort((a, b) => x[a] - x[b]);
const nameOf = (key) => key?.slice('X5_bare_'.length);
const met = cached.filter((name) => x[name] <= 1.1).map(nameOf);
const rows = [
  ['X1', 'a box, CPU ms a step', x.X1_cpu, 15, 9],
  ['X2', 'python one-liner over the server, ms over bare', x.X2, 60, 30],
  ['X3', 'Kotlin hello world, warm, s', x.warm_kotlin / 1000, 1.5, 0.8],
  ['X4', `C#, Java, TypeScript, Go, Rust, C++ hello world, warm, s (slowest: ${slowest})`, x[`warm_${slowest}`] / 1000, 1.0, 0.5],
  ['X5', `identical source again, x the bare run step (median of ${cached.length} compiled languages; within 1.1: ${met.join(', ') || 'none'})`, median(cached.map((name) => x[name])), 1.1, 1.05],
  ['X5', `  the same, worst language (${nameOf(cached.at(-1))})`, x[cached.at(-1)], 1.1, 1.05],
  ['X5', '  identical source again, ms over the bare run step (worst language)', Math.max(...cached.map((name) => x[name.replace('X5_bare_', 'X5_over_')])), NaN, NaN],
  ['X6', 'python one-liners a second a core', x.X6, 8, 12, true],
  ['S11', `a neighbour's run beside an attack, x its time alone (worst attack; beside an ordinary busy program: ${x.S11_base?.toFixed(2)})`, x.S11, 1.1, 1.1],
];
say('\n      figure   must   goal');
for (const [id, what, value, must, goal, more] of rows) {
  if (value === undefined || Number.isNaN(value) || !Number.isFinite(value)) continue;
  const holds = (limit) => (more ? value >= limit : value <= limit);
  const limits = Number.isNaN(must) ? '      -      -         ' : `${String(must).padStart(6)} ${String(goal).padStart(6)}  ${(holds(goal) ? 'goal' : holds(must) ? 'must' : 'MISSED').padEnd(6)} `;
  say(`${id.padEnd(3)} ${value.toFixed(2).padStart(8)} ${limits} ${what}`);
}
say(`(a bare start of /usr/bin/true takes ${(x.X1_cpu / (x.X1_ratio - 1)).toFixed(1)} ms of CPU here; a box ${x.X1_ratio.toFixed(1)} times that; this process adds ${x.X1_own.toFixed(1)} ms)`);
process.exit(0);
