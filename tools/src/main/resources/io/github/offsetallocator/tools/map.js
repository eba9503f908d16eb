'use strict';
// What lies under the pointer, and where the blocks of a site lie. `heap` is the data beside this script.
const heap = JSON.parse(document.getElementById('heap').textContent);
const svg = document.querySelector('svg.map');
const lit = document.getElementById('lit');
const told = document.getElementById('told');
const starts = new Float64Array(heap.sizes.length + 1);
for (let i = 0; i !== heap.sizes.length; i++) {
  starts[i + 1] = starts[i] + heap.sizes[i];
}

function bytes(n) {
  let unit = 0;
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let value = n;
  while (value >= 1024 ? unit !== 3 : false) {
    value /= 1024;
    unit++;
  }
  return (unit === 0 ? n : value.toPrecision(3)) + ' ' + units[unit];
}

// The last region that starts at or before an offset in granules.
function regionAt(granule) {
  let low = 0;
  let high = heap.sizes.length - 1;
  while (high > low) {
    const middle = Math.ceil((low + high) / 2);
    if (starts[middle] > granule) {
      high = middle - 1;
    } else {
      low = middle;
    }
  }
  return low;
}

function strokes(from, to) {
  const cell = heap.cellGranules;
  let path = '';
  let at = Math.floor(from / cell);
  const end = Math.max(at + 1, Math.ceil(to / cell));
  while (end > at) {
    const row = Math.floor(at / heap.columns);
    const stop = Math.min(end, (row + 1) * heap.columns);
    path += 'M' + (at - row * heap.columns) + ' ' + row * heap.pitch + 'h' + (stop - at);
    at = stop;
  }
  return path;
}

function light(regions) {
  lit.setAttribute('d', regions.map(i => strokes(starts[i], starts[i + 1])).join(''));
}

function describe(i) {
  const offset = heap.origin + starts[i] * heap.granule;
  const lines = ['at ' + offset + ', ' + bytes(heap.sizes[i] * heap.granule) + ': ' + (heap.states[i] === 'none' ? 'no memory' : heap.states[i])];
  if (heap.states[i] === 'live') {
    lines.push('asked for: ' + bytes(heap.requested[i]));
  }
  if (heap.handles[i]) {
    lines.push('handle: ' + heap.handles[i]);
  }
  if (heap.tags[i]) {
    lines.push('tag: ' + heap.tags[i]);
  }
  if (heap.changes[i]) {
    lines.push('since the other dump: ' + heap.changes[i]);
  }
  const site = heap.siteOf[i];
  if (site >= 0) {
    lines.push('asked for by:', ...heap.sites[site].map(frame => '  ' + frame));
  }
  return lines.join('\n');
}

function point(i) {
  light([i]);
  told.textContent = describe(i);
}

function pointAtOffset(offset) {
  const granule = (offset - heap.origin) / heap.granule;
  if (granule >= 0 ? starts[heap.sizes.length] > granule : false) {
    point(regionAt(granule));
  }
}

svg.addEventListener('pointermove', event => {
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  const column = Math.floor(at.x - heap.left);
  const row = Math.floor((at.y - heap.top) / heap.pitch);
  if (column >= 0 ? heap.columns > column ? row >= 0 : false : false) {
    const granule = (row * heap.columns + column) * heap.cellGranules;
    if (starts[heap.sizes.length] > granule) {
      point(regionAt(granule));
    }
  }
});

function showSite(site) {
  const regions = [];
  heap.siteOf.forEach((s, i) => { if (s === site) { regions.push(i); } });
  light(regions);
  told.textContent = regions.length + ' regions of this site are marked:\n' + heap.sites[site].join('\n');
  svg.scrollIntoView({block: 'nearest'});
}

for (const button of document.querySelectorAll('button[data-site]')) {
  button.addEventListener('click', () => showSite(Number(button.dataset.site)));
}

// map.html#at=4096 points at what lies there; map.html#site=0 marks the blocks of a site.
function follow() {
  const at = /^#at=(\d+)$/.exec(location.hash);
  const site = /^#site=(\d+)$/.exec(location.hash);
  if (at) {
    pointAtOffset(Number(at[1]));
  } else if (site ? heap.sites.length > Number(site[1]) : false) {
    showSite(Number(site[1]));
  }
}
window.addEventListener('hashchange', follow);
follow();
document.body.dataset.ready = 'yes';
