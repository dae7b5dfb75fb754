"use strict";
// Elements that are kept while their data changes, and how numbers and times look. Nothing here asks the factory.
const words = JSON.parse(document.getElementById("words").textContent);
const byId = (id) => document.getElementById(id);

// What changed nothing is left alone: the reader's selection, focus and place are in it.
const setText = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};
const setHidden = (element, hidden) => {
  if (element.hidden !== hidden) element.hidden = hidden;
};
const setAttribute = (element, name, value) => {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
};

const make = (tag, facts = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
};

// Makes the children of `parent` those of `items`: one for each key, kept as long as its key is there, in this order.
// Where the focused one goes, `heading` gets the focus, so that it is not lost to the top of the page.
const keyed = (parent, items, keyOf, create, update, heading) => {
  const known = new Map([...parent.children].filter((each) => each.dataset.key).map((each) => [each.dataset.key, each]));
  let place = [...parent.children].find((each) => each.dataset.key) ?? null;
  for (const item of items) {
    const key = keyOf(item);
    let element = known.get(key);
    known.delete(key);
    if (!element) {
      element = create(item);
      element.dataset.key = key;
    }
    update(element, item);
    while (place && known.size && place !== element && known.has(place.dataset.key)) place = place.nextElementSibling;
    if (place === element) place = element.nextElementSibling;
    else parent.insertBefore(element, place);
  }
  for (const element of known.values()) {
    const focused = element.contains(document.activeElement);
    element.remove();
    if (focused) heading?.focus();
  }
};

const badge = (text, tone) => make("span", { className: `badge ${tone}`, textContent: text });
const setBadge = (element, text, tone) => {
  setText(element, text);
  if (element.className !== `badge ${tone}`) element.className = `badge ${tone}`;
};
const setProgress = (element, done, total, label) => {
  if (total > 0) {
    if (element.max !== total) element.max = total;
    if (element.value !== done || !element.hasAttribute("value")) element.value = done;
  } else element.removeAttribute("value");
  setAttribute(element, "aria-label", label);
};

// A number stays with its unit when a line is broken.
const measure = (number, unit) => `${number}\u00a0${unit}`;
const size = (count) => {
  if (count < 1024 ** 2) return measure(count.toLocaleString("en"), "bytes");
  if (count < 1024 ** 3) return measure((count / 1024 ** 2).toFixed(0), "MiB");
  return measure((count / 1024 ** 3).toLocaleString("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 }), "GiB");
};
const duration = (seconds) => {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (hours) return `${measure(hours, "h")} ${measure(minutes, "min")}`;
  return minutes ? `${measure(minutes, "min")} ${measure(rest, "s")}` : measure(rest, "s");
};
const since = (text) => (Date.now() - Date.parse(text)) / 1000;
// In whole units that have passed, as `factory fleet` counts days.
const age = (text) => {
  const seconds = since(text);
  if (seconds < 5400) return measure(Math.max(1, Math.floor(seconds / 60)), "min");
  if (seconds < 48 * 3600) return measure(Math.floor(seconds / 3600), "h");
  return measure(Math.floor(seconds / 86400), "d");
};
const moment = (text) => (text ? `${new Date(text).toISOString().slice(0, 19).replace("T", " ")} UTC` : "");
const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
const breakable = (path) => path.split("/").flatMap((part, index) => (index ? ["/", make("wbr"), part] : [part]));
