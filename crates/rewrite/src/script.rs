//! JavaScript rules, by the contract of the existing tool (opensearch-migrations): the script's last expression is
//! `main`, `main(bindings)` gives the function that is called with each message ([`crate::message`]).
//!
//! An engine is used by one call at a time; there are as many as calls at once. Scripts have no files, no network, no
//! modules and no timers; time, memory and stack of a call are limited.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rquickjs::context::EvalOptions;
use rquickjs::promise::MaybePromise;
use rquickjs::{CatchResultExt, CaughtError, Context, Ctx, Function, Object, Runtime, Value};

use crate::json::Numbers;
use crate::message::Message;
use crate::outcome::Stop;
use crate::request::Request;

/// Longest time of one call.
pub const MAX_CALL_MILLIS: u64 = 5_000;
/// Memory of one engine. A body takes about ten times its length.
pub const MAX_HEAP_BYTES: usize = 512 * 1024 * 1024;
/// Stack of one call.
pub const MAX_STACK_BYTES: usize = 512 * 1024;
/// What a script writes to the console is cut here.
const MAX_CONSOLE_BYTES: usize = 1024;

const PRELUDE: &str = include_str!("script/prelude.js");

/// Limits of a call.
#[derive(Debug, Clone, Copy)]
struct Limits {
    call: Duration,
    heap_bytes: usize,
}

/// A script, compiled once for each engine.
pub struct Script {
    name: String,
    source: String,
    bindings: String,
    limits: Limits,
    idle: Mutex<Vec<Engine>>,
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Script").field("name", &self.name).finish_non_exhaustive()
    }
}

struct Engine {
    context: Context,
    /// Past which the interrupt handler stops the call.
    deadline: Arc<Mutex<Instant>>,
}

impl Script {
    /// `name` for messages, `bindings` as JSON text. Runs the script once, up to its `main(bindings)`.
    ///
    /// # Errors
    /// What the engine says about the script, with its line.
    pub fn new(name: String, source: String, bindings: String) -> Result<Self, String> {
        let limits = Limits { call: Duration::from_millis(MAX_CALL_MILLIS), heap_bytes: MAX_HEAP_BYTES };
        Self::with_limits(name, source, bindings, limits)
    }

    fn with_limits(name: String, source: String, bindings: String, limits: Limits) -> Result<Self, String> {
        let script = Self { name, source, bindings, limits, idle: Mutex::default() };
        let engine = script.engine()?;
        script.give_back(engine);
        Ok(script)
    }

    /// Lets the script change a request.
    ///
    /// # Errors
    /// When it throws, takes too long or too much memory, or returns something else than a message.
    pub fn apply(&self, request: &mut Request<'_>) -> Result<(), Stop> {
        let message = Message::new(request)?;
        let (envelope, payload) = self.with_engine(|engine| self.call(engine, &message))?;
        message.write_back(request, &envelope, payload.as_deref(), Numbers::Double)
    }

    /// What the script makes of a list, both as JSON text. What it returns is put into a list, and lists in that are
    /// made one with it.
    ///
    /// # Errors
    /// As [`Script::apply`].
    pub fn transform(&self, list: &str) -> Result<String, Stop> {
        self.with_engine(|engine| {
            self.run(engine, |ctx| {
                let call: Function<'_> = own(ctx)?.get("list")?;
                let result: MaybePromise<'_> = call.call((list,))?;
                result.finish()
            })
        })
    }

    fn with_engine<T>(&self, work: impl FnOnce(&Engine) -> Result<T, String>) -> Result<T, Stop> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let engine = match idle {
            Some(engine) => engine,
            None => self.engine().map_err(Stop::failed)?,
        };
        // An engine that failed may be in any state: it is not used again.
        let result = work(&engine).map_err(Stop::failed)?;
        self.give_back(engine);
        Ok(result)
    }

    fn give_back(&self, engine: Engine) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(engine);
    }

    fn engine(&self) -> Result<Engine, String> {
        let no_engine = |error: rquickjs::Error| format!("{}: no JavaScript engine: {error}", self.name);
        let runtime = Runtime::new().map_err(no_engine)?;
        runtime.set_memory_limit(self.limits.heap_bytes);
        runtime.set_max_stack_size(MAX_STACK_BYTES);
        let deadline = Arc::new(Mutex::new(Instant::now() + self.limits.call));
        let watched = Arc::clone(&deadline);
        runtime.set_interrupt_handler(Some(Box::new(move || {
            Instant::now() > *watched.lock().unwrap_or_else(PoisonError::into_inner)
        })));
        let context = Context::full(&runtime).map_err(no_engine)?;
        let engine = Engine { context, deadline };
        self.run(&engine, |ctx| {
            console(ctx, &self.name)?;
            ctx.eval::<(), _>(PRELUDE)?;
            let mut options = EvalOptions::default();
            options.strict = false;
            options.filename = Some(self.name.clone());
            let main: Value<'_> = ctx.eval_with_options(self.source.as_str(), options)?;
            own(ctx)?.get::<_, Function<'_>>("start")?.call::<_, ()>((main, self.bindings.as_str()))
        })?;
        Ok(engine)
    }

    fn call(&self, engine: &Engine, message: &Message) -> Result<(String, Option<String>), String> {
        self.run(engine, |ctx| {
            let text = message.payload.clone();
            let payload = Function::new(ctx.clone(), move || text.clone())?;
            let call: Function<'_> = own(ctx)?.get("call")?;
            let result: MaybePromise<'_> = call.call((message.envelope.as_str(), payload))?;
            let parts: Vec<Option<String>> = result.finish()?;
            let mut parts = parts.into_iter();
            Ok((parts.next().flatten().unwrap_or_default(), parts.next().flatten()))
        })
    }

    fn run<T>(
        &self,
        engine: &Engine,
        what: impl for<'js> FnOnce(&Ctx<'js>) -> rquickjs::Result<T>,
    ) -> Result<T, String> {
        let deadline = Instant::now() + self.limits.call;
        *engine.deadline.lock().unwrap_or_else(PoisonError::into_inner) = deadline;
        engine.context.with(|ctx| {
            what(&ctx).catch(&ctx).map_err(|error| {
                if Instant::now() > deadline {
                    return format!("{}: took longer than {} ms", self.name, self.limits.call.as_millis());
                }
                format!("{}: {}", self.name, described(&error))
            })
        })
    }
}

fn own<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    ctx.globals().get("__switchover")
}

fn described(error: &CaughtError<'_>) -> String {
    match error {
        CaughtError::Exception(thrown) => {
            let message = thrown.message().unwrap_or_default();
            let place =
                thrown.stack().and_then(|stack| stack.lines().next().map(|line| line.trim().to_owned()));
            match place.filter(|place| !place.is_empty()) {
                Some(place) => format!("{message} ({place})"),
                None => message,
            }
        }
        other => other.to_string(),
    }
}

/// `console.log` and its like go to the log.
fn console(ctx: &Ctx<'_>, script: &str) -> rquickjs::Result<()> {
    let console = Object::new(ctx.clone())?;
    for (name, is_warning) in
        [("log", false), ("info", false), ("debug", false), ("warn", true), ("error", true)]
    {
        let script = script.to_owned();
        let write = move |text: rquickjs::Coerced<String>| {
            let end = text.0.floor_char_boundary(MAX_CONSOLE_BYTES);
            let text = text.0.get(..end).unwrap_or_default();
            if is_warning {
                tracing::warn!(script, text, "console");
            } else {
                tracing::info!(script, text, "console");
            }
        };
        console.set(name, Function::new(ctx.clone(), write)?)?;
    }
    ctx.globals().set("console", console)
}

#[cfg(test)]
mod tests;
