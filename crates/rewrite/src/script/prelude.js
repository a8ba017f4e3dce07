// What scripts written for the existing tool expect: objects that can be used as maps too, headers without regard to
// case, and a payload that is only parsed when it is looked at.
(() => {
  "use strict";
  const own = Object.hasOwn, maps = Object.create(Object.prototype);
  const methods = {
    get(key) { return own(this, key) ? this[key] : undefined; },
    set(key, value) { put(this, key, value); return this; },
    has(key) { return own(this, key); },
    delete(key) { const had = own(this, key); delete this[key]; return had; },
    clear() { for (const key of Object.keys(this)) delete this[key]; },
    keys() { return Object.keys(this)[Symbol.iterator](); },
    values() { return Object.values(this)[Symbol.iterator](); },
    entries() { return Object.entries(this)[Symbol.iterator](); },
    forEach(visit, self) { for (const [key, value] of Object.entries(this)) visit.call(self, value, key, this); },
  };
  const define = (target, key, value, enumerable) =>
    Object.defineProperty(target, key, { value, enumerable, writable: true, configurable: true });
  const put = (target, key, value) => {
    if (key === "__proto__") define(target, key, value, true); else target[key] = value;
  };
  for (const name of Object.keys(methods)) define(maps, name, methods[name], false);
  const isPlain = value => value !== null && typeof value === "object" && !Array.isArray(value);
  const parse = text => JSON.parse(text, (_, value) => isPlain(value) ? Object.setPrototypeOf(value, maps) : value);
  const write = value => JSON.stringify(value, (_, inner) => inner instanceof Map ? Object.fromEntries(inner) : inner);

  const headers = target => {
    const find = key => typeof key !== "string" || own(target, key) ? key
      : Object.keys(target).find(name => name.toLowerCase() === key.toLowerCase()) ?? key;
    return new Proxy(target, {
      get: (_, key, self) => own(target, find(key)) ? target[find(key)] : Reflect.get(target, key, self),
      set: (_, key, value) => { put(target, find(key), value); return true; },
      has: (_, key) => own(target, find(key)) || key in target,
      deleteProperty: (_, key) => delete target[find(key)],
      getOwnPropertyDescriptor: (_, key) => Object.getOwnPropertyDescriptor(target, find(key)),
    });
  };

  let transform;
  const start = (main, bindings) => {
    if (typeof main !== "function") throw new TypeError("the script must end in (() => main)()");
    transform = main(parse(bindings));
    if (typeof transform !== "function") throw new TypeError("main(bindings) must return a function");
  };

  // [envelope, payload or null when it was not looked at]
  const call = (envelope, payload) => {
    const message = parse(envelope);
    let touched = false;
    message.headers = headers(message.headers);
    Object.defineProperty(message, "payload", {
      enumerable: true, configurable: true,
      get() { touched = true; const value = parse(payload()); define(message, "payload", value, true); return value; },
      set(value) { touched = true; define(message, "payload", value, true); },
    });
    const finish = result => {
      if (result === undefined || result === null) throw new TypeError("the script returned nothing");
      if (Array.isArray(result)) throw new TypeError("the script returned a list: one request can't become several");
      if (result === message && !touched) {
        delete message.payload;
        return [write(message), null];
      }
      const plain = result instanceof Map ? Object.fromEntries(result) : result;
      const body = plain.payload ?? {};
      const rest = {};
      for (const key of Object.keys(plain)) if (key !== "payload") rest[key] = plain[key];
      return [write(rest), write(body)];
    };
    const result = transform(message);
    return typeof result?.then === "function" ? result.then(finish) : finish(result);
  };

  // A list of documents in, a list of documents out.
  const list = text => {
    const finish = result => {
      if (result === undefined || result === null) throw new TypeError("the script returned nothing");
      return write([result].flat(Infinity));
    };
    const result = transform(parse(text));
    return typeof result?.then === "function" ? result.then(finish) : finish(result);
  };
  Object.defineProperty(globalThis, "__switchover", { value: Object.freeze({ start, call, list }) });
})();
