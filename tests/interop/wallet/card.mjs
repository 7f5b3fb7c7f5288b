// The consent card in English, written down once more from its description: what the citizen read, to the letter, because the
// consent names its digest.
const UNITS = { D: ['day', 'days'], W: ['week', 'weeks'], M: ['month', 'months'], Y: ['year', 'years'] };

function duration(text) {
  const [, count, unit] = /^P(\d+)([DWMY])$/.exec(text);
  return `${count} ${UNITS[unit][count === '1' ? 0 : 1]}`;
}

const days = (text) => {
  const [, count, unit] = /^P(\d+)([DWMY])$/.exec(text);
  return Number(count) * { D: 1, W: 7, M: 31, Y: 366 }[unit];
};
const times = (count) => (count === 1 ? '1 time' : `${count} times`);
const spoken = (field, dataset) => dataset.fields.find(({ name }) => name === field)?.title?.en ?? field.replaceAll('_', ' ');
const MASKS = {
  'last-4': '(only the last four characters)', year: '(only the year)', month: '(only year and month)', initial: '(only the first letter)',
  present: '(only whether there is one)',
};
const items = (fields, dataset) => fields.map((field) => {
  const mask = MASKS[dataset.fields.find(({ name }) => name === field)?.mask];
  return mask ? `${spoken(field, dataset)} ${mask}` : spoken(field, dataset);
}).join(', ');

function frequency({ maxUses, period, usesPerPeriod }) {
  const all = `at most ${times(maxUses)} in all`;
  return period ? `${all}, and at most ${times(usesPerPeriod)} in every ${duration(period)}` : all;
}

/** `offered`: for each item of the request, the provider's gateway and its dataset, as the directory has them. */
export function card(request, purpose, offered) {
  const lines = [`${request.consumer_name.en} asks for your consent.`, `What for: ${purpose.text.en}`];
  lines.push('From whom, and exactly which items:');
  request.items.forEach((item, place) => {
    const { gateway, dataset } = offered[place];
    lines.push(`  - ${gateway.organization_name.en}: ${dataset.title.en}: ${items(item.fields, dataset)}`);
  });
  lines.push(`How often: ${frequency(request.frequency)}`);
  lines.push(`Until when: ${duration(request.validity)} from the moment you agree`);
  lines.push(`How long the answer may be kept: ${duration(request.retention)}`);
  lines.push(`What they will not see: ${unseen(request, offered)}`);
  lines.push(`Compared with what is usual for this purpose: ${compared(request, purpose)}`);
  lines.push('If you say no, nothing of yours is passed on. If you say yes, you can pause, shorten or end it at any time, with no more steps than it takes to agree.');
  return lines.map((line) => `${line}\n`).join('');
}

function unseen(request, offered) {
  const left = new Map();
  request.items.forEach((item, place) => {
    const { dataset } = offered[place];
    for (const { name } of dataset.fields) if (!item.fields.includes(name)) left.set(name, spoken(name, dataset));
  });
  if (!left.size) return 'anything beyond the items above.';
  const names = [...left.keys()].sort().map((name) => left.get(name));
  return `anything beyond the items above, for instance ${names.join(', ')}.`;
}

function compared(request, purpose) {
  const less = days(request.validity) < days(purpose.max_validity)
    || days(request.retention) < days(purpose.max_retention)
    || request.frequency.maxUses < purpose.max_frequency.max_uses;
  const said = less ? 'this asks for less.' : 'this asks for as much as is allowed.';
  const most = [duration(purpose.max_validity), times(purpose.max_frequency.max_uses)].join(', ');
  return `${said} Allowed are at most ${most}, and keeping the answer for ${duration(purpose.max_retention)}.`;
}
