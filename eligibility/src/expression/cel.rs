//! The Common Expression Language by the crate `cel`: named in this file alone.
//!
//! Guarantees: what [`super`] says. The grammar's loops, presence tests, conversions, indexes and methods are refused when the
//! expression is read. CEL's own `&&` and `||` take an error on one side as Kleene's unknown, and every missing fact is such an
//! error. Dates are compared as texts of ISO 8601. Source: <https://github.com/google/cel-spec>, "Logical Operators".

use std::{collections::BTreeSet, ops::Range, sync::Arc, sync::LazyLock};

use cel::{
    Context, Env, ExecutionError, IdedExpr,
    common::{
        ast::{CallExpr, Expr, LiteralValue, SourceInfo, operators as op},
        types::{CelBool, CelInt, CelList, CelString, INT_TYPE, LIST_TYPE},
        value::{CowVal, Val},
    },
    context::VariableResolver,
};
use schemas::time::CivilDate;

use super::{Compiled, Expressions, Fault, Lookup, MAX_BYTES, MAX_DEPTH, MAX_LIST, MAX_NODES, Wanted};
use crate::{
    fact::{Value, names},
    truth::Truth,
    vocabulary::{self, Kind},
};

/// Bytes of stack for reading one expression; ten levels of brackets take less than one of them in an unoptimised build.
const PARSER_STACK: usize = 16 * 1024 * 1024;

/// CEL, with `max`, `min` and `sum` and nothing else.
#[derive(Clone, Copy, Debug, Default)]
pub struct CommonExpressions;

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(environment()));

fn environment() -> Env {
    let mut env = Env::default().with_optional_support(false);
    for (name, function) in [("max", max as cel::common::functions::Function), ("min", min)] {
        // A fresh environment has neither; the ids differ.
        let _ = env.add_overload(name, &format!("{name}_of_two"), vec![INT_TYPE, INT_TYPE], function);
        let _ = env.add_overload(name, &format!("{name}_of_list"), vec![LIST_TYPE], function);
    }
    let _ = env.add_overload("sum", "sum_of_list", vec![LIST_TYPE], sum);
    env
}

fn integers(function: &str, args: &[CowVal<'_, '_>]) -> Result<Vec<i64>, ExecutionError> {
    let wrong = || ExecutionError::function_error(function, "takes whole numbers");
    let integer = |value: &dyn Val| value.downcast_ref::<CelInt>().map(|i| *i.inner()).ok_or_else(wrong);
    match args {
        [one] => {
            let list = one.as_ref().downcast_ref::<CelList<'_>>().ok_or_else(wrong)?;
            list.inner().iter().map(|item| integer(item.as_ref())).collect()
        }
        several => several.iter().map(|item| integer(item.as_ref())).collect(),
    }
}

fn owned<'b, 'v>(function: &str, value: Option<i64>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    value
        .map(|v| CowVal::owned(CelInt::from(v)))
        .ok_or_else(|| ExecutionError::function_error(function, "has no value"))
}

fn max<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    owned("max", integers("max", &args)?.into_iter().max())
}

fn min<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    owned("min", integers("min", &args)?.into_iter().min())
}

fn sum<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    owned("sum", integers("sum", &args)?.into_iter().try_fold(0_i64, i64::checked_add))
}

impl Expressions for CommonExpressions {
    fn compile(&self, source: &str, wanted: Wanted) -> Result<Arc<dyn Compiled>, Vec<Fault>> {
        let whole = 0..source.len();
        let fault =
            |at: Range<usize>, what: &str, help: &str| vec![Fault { at, what: what.to_owned(), help: help.to_owned() }];
        if source.len() > MAX_BYTES || nesting(source) > MAX_DEPTH {
            let what =
                format!("the expression is longer than {MAX_BYTES} bytes or nested deeper than {MAX_DEPTH} levels");
            return Err(fault(whole, &what, "say it in several clauses, each with its own text and reference"));
        }
        let parsed = parse_aside(source);
        let (expression, places) = match parsed {
            Some(Ok(read)) => read,
            Some(Err(errors)) => return Err(syntax(source, &errors)),
            None => {
                return Err(fault(
                    whole,
                    "this is not an expression of CEL",
                    "see docs/schemes.md for what may stand here",
                ));
            }
        };
        let mut check = Check { source, places: &places, nodes: 0, faults: Vec::new(), names: BTreeSet::new() };
        let kind = check.kind(&expression, 0);
        match (wanted, kind) {
            (_, None) | (Wanted::Truth, Some(Type::Bool)) | (Wanted::Amount, Some(Type::Int)) => {}
            (Wanted::Truth, Some(_)) => {
                check.refuse(&expression, "this gives no truth", "compare it with something: `… >= 2`")
            }
            (Wanted::Amount, Some(_)) => {
                check.refuse(&expression, "this gives no amount", "a formula gives whole rupees")
            }
        }
        if check.nodes > MAX_NODES {
            let what = format!("the expression has more than {MAX_NODES} names, constants and operators");
            return Err(fault(whole, &what, "say it in several clauses, each with its own text and reference"));
        }
        if !check.faults.is_empty() {
            return Err(check.faults);
        }
        Ok(Arc::new(Program { source: source.to_owned(), expression, names: check.names.into_iter().collect() }))
    }
}

/// The grammar is generated code that reads text from outside and descends far for each bracket: it gets a thread and a stack of
/// its own, so that whatever it meets does not take the caller down. `None`: it gave up.
fn parse_aside(source: &str) -> Option<Result<(IdedExpr, SourceInfo), cel::ParseErrors>> {
    let parse = || {
        ENVIRONMENT.parser().max_recursion_depth(MAX_DEPTH * 4).error_recovery_limit(4).parse_with_source_info(source)
    };
    std::thread::scope(|scope| {
        let aside = std::thread::Builder::new().name("expression".to_owned()).stack_size(PARSER_STACK);
        aside.spawn_scoped(scope, parse).ok()?.join().ok()
    })
}

/// The deepest nesting of brackets, and of signs that nest without any: read before any parser sees the text.
fn nesting(source: &str) -> u16 {
    let (mut depth, mut deepest) = (0_u16, 0_u16);
    for byte in source.bytes() {
        match byte {
            b'(' | b'[' | b'{' | b'?' => depth = depth.saturating_add(1),
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn syntax(source: &str, errors: &cel::ParseErrors) -> Vec<Fault> {
    let place = |(line, column): (isize, isize)| {
        let line = usize::try_from(line.saturating_sub(1)).unwrap_or(0);
        let before: usize = source.split_inclusive('\n').take(line).map(str::len).sum();
        let column = usize::try_from(column.saturating_sub(1)).unwrap_or(0);
        let at = source.get(before..).map_or(0, |rest| rest.char_indices().nth(column).map_or(rest.len(), |(i, _)| i));
        let start = (before + at).min(source.len());
        start..source[start..].chars().next().map_or(start, |c| start + c.len_utf8())
    };
    let fault = |error: &cel::ParseError| Fault {
        at: place(error.pos),
        what: error.msg.lines().next().unwrap_or("this is not an expression of CEL").to_owned(),
        help: "write names of facts, constants, comparisons, `&&`, `||`, `!`, arithmetic, `in`, max, min, sum"
            .to_owned(),
    };
    errors.errors.iter().take(3).map(fault).collect()
}

/// The kinds that a part of an expression can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Bool,
    Int,
    Text(Option<&'static [&'static str]>),
    Date,
    Ints,
    Texts,
}

impl Type {
    const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Bool => Self::Bool,
            Kind::Integer => Self::Int,
            Kind::Text(words) => Self::Text(Some(words)),
            Kind::Date => Self::Date,
            Kind::Integers => Self::Ints,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Int => "a whole number",
            Self::Text(_) => "a text",
            Self::Date => "a date",
            Self::Ints => "a list of whole numbers",
            Self::Texts => "a list of texts",
        }
    }
}

struct Check<'a> {
    source: &'a str,
    places: &'a SourceInfo,
    nodes: usize,
    faults: Vec<Fault>,
    names: BTreeSet<String>,
}

impl Check<'_> {
    fn refuse(&mut self, at: &IdedExpr, what: &str, help: &str) {
        let at = self.place(at);
        self.faults.push(Fault { at, what: what.to_owned(), help: help.to_owned() });
    }

    /// Bytes of a part: the parser counts characters and, for a call, points at its operator.
    fn place(&self, part: &IdedExpr) -> Range<usize> {
        let byte = |n: u32| self.source.char_indices().nth(n as usize).map_or(self.source.len(), |(i, _)| i);
        match (&part.expr, dotted(part)) {
            (_, Some((first, name))) => {
                let start = self.places.offset_for(first).map_or(0, |(start, _)| byte(start));
                start..(start + name.len()).min(self.source.len())
            }
            _ => self
                .places
                .offset_for(part.id)
                .map_or(0..self.source.len(), |(a, b)| byte(a)..byte(b.saturating_add(1))),
        }
    }

    fn kind(&mut self, part: &IdedExpr, depth: u16) -> Option<Type> {
        self.nodes += 1;
        if depth > MAX_DEPTH || self.nodes > MAX_NODES {
            self.nodes = MAX_NODES + 1;
            return None;
        }
        if let Some((_, name)) = dotted(part) {
            return self.name(part, name);
        }
        match &part.expr {
            Expr::Literal(LiteralValue::Boolean(_)) => Some(Type::Bool),
            Expr::Literal(LiteralValue::Int(_)) => Some(Type::Int),
            Expr::Literal(LiteralValue::String(_)) => Some(Type::Text(None)),
            Expr::List(list) => {
                let kinds: Option<Vec<Type>> = list.elements.iter().map(|e| self.kind(e, depth + 1)).collect();
                let kinds = kinds?;
                if kinds.iter().all(|k| *k == Type::Int) {
                    return Some(Type::Ints);
                }
                if kinds.iter().all(|k| matches!(k, Type::Text(_))) {
                    return Some(Type::Texts);
                }
                self.refuse(part, "a list holds whole numbers or texts, not both", "make two lists");
                None
            }
            Expr::Call(call) => self.call(part, call, depth),
            Expr::Literal(_) => {
                self.refuse(
                    part,
                    "only whole numbers, texts, true and false may stand here",
                    "count in whole rupees; dates are texts such as \"2026-04-01\"",
                );
                None
            }
            _ => {
                self.refuse(
                    part,
                    "this part of CEL is not allowed in a scheme",
                    "no loops, presence tests, maps or methods: say it in clauses",
                );
                None
            }
        }
    }

    fn name(&mut self, part: &IdedExpr, name: String) -> Option<Type> {
        let Some(kind) = vocabulary::kind_in_expressions(&name) else {
            let near = vocabulary::nearest(&name, names::ALL.iter().copied().chain([vocabulary::AGE]));
            let help = near.map_or("see `vinimay gateway scheme facts` for the names".to_owned(), |n| {
                format!("did you mean `{n}`?")
            });
            self.refuse(part, &format!("no fact is named `{name}`"), &help);
            return None;
        };
        self.names.insert(name);
        Some(Type::of(kind))
    }

    fn call(&mut self, part: &IdedExpr, call: &CallExpr, depth: u16) -> Option<Type> {
        if call.target.is_some() || !is_allowed(&call.func_name, call.args.len()) {
            let shown = call.func_name.trim_matches(|c| c == '_' || c == '@');
            self.refuse(part, &format!("`{shown}` is not allowed in a scheme"), "only max, min and sum may be called, and nothing asks whether a fact is known: what is missing is unknown");
            return None;
        }
        let kinds: Vec<Option<Type>> = call.args.iter().map(|a| self.kind(a, depth + 1)).collect();
        let kinds: Vec<Type> = kinds.into_iter().collect::<Option<_>>()?;
        let result = result_of(&call.func_name, &kinds);
        if result.is_none() {
            let shown: Vec<&str> = kinds.iter().map(|k| k.words()).collect();
            let name = call.func_name.trim_matches(|c| c == '_' || c == '@');
            self.refuse(part, &format!("`{name}` does not go with {}", shown.join(" and ")), "compare like with like");
            return None;
        }
        self.constants(part, call, &kinds)?;
        result
    }

    /// A constant that is compared with a fact must be one that the fact can have.
    fn constants(&mut self, part: &IdedExpr, call: &CallExpr, kinds: &[Type]) -> Option<()> {
        for (n, constant) in call.args.iter().enumerate() {
            let Expr::Literal(LiteralValue::String(text)) = &constant.expr else { continue };
            for other in kinds.iter().enumerate().filter(|(m, _)| *m != n).map(|(_, k)| *k) {
                match other {
                    Type::Date if text.inner().parse::<CivilDate>().is_err() => {
                        self.refuse(constant, "a date is written \"YYYY-MM-DD\"", "such as \"2026-04-01\"");
                        return None;
                    }
                    Type::Text(Some(words)) if !words.is_empty() && !words.contains(&text.inner()) => {
                        self.refuse(constant, "the fact never has this value", &format!("one of {}", words.join(", ")));
                        return None;
                    }
                    _ => {}
                }
            }
        }
        let _ = part;
        Some(())
    }
}

/// The dotted name that a part spells, with the id of its first word: `household.bpl`.
fn dotted(part: &IdedExpr) -> Option<(u64, String)> {
    match &part.expr {
        Expr::Ident(name) => Some((part.id, name.clone())),
        Expr::Select(select) if !select.test => {
            let (first, before) = dotted(&select.operand)?;
            Some((first, format!("{before}.{}", select.field)))
        }
        _ => None,
    }
}

fn is_allowed(function: &str, arguments: usize) -> bool {
    match function {
        op::CONDITIONAL => arguments == 3,
        op::LOGICAL_NOT | op::NEGATE | "sum" => arguments == 1,
        "max" | "min" => arguments == 1 || arguments == 2,
        op::LOGICAL_AND | op::LOGICAL_OR | op::EQUALS | op::NOT_EQUALS | op::IN => arguments == 2,
        op::LESS | op::LESS_EQUALS | op::GREATER | op::GREATER_EQUALS => arguments == 2,
        op::ADD | op::SUBSTRACT | op::MULTIPLY | op::DIVIDE | op::MODULO => arguments == 2,
        _ => false,
    }
}

fn result_of(function: &str, kinds: &[Type]) -> Option<Type> {
    use Type::{Bool, Date, Int, Ints, Text, Texts};
    match (function, kinds) {
        (op::LOGICAL_AND | op::LOGICAL_OR, [Bool, Bool]) | (op::LOGICAL_NOT, [Bool]) => Some(Bool),
        (op::EQUALS | op::NOT_EQUALS, [Bool, Bool] | [Int, Int] | [Date, Date] | [Text(_), Text(_)]) => Some(Bool),
        (op::EQUALS | op::NOT_EQUALS, [Date, Text(None)] | [Text(None), Date]) => Some(Bool),
        (
            op::LESS | op::LESS_EQUALS | op::GREATER | op::GREATER_EQUALS,
            [Int, Int] | [Date, Date] | [Date, Text(None)] | [Text(None), Date],
        ) => Some(Bool),
        (op::IN, [Int, Ints] | [Text(_), Texts]) => Some(Bool),
        (op::ADD | op::SUBSTRACT | op::MULTIPLY | op::DIVIDE | op::MODULO, [Int, Int]) | (op::NEGATE, [Int]) => {
            Some(Int)
        }
        ("max" | "min", [Int, Int] | [Ints]) | ("sum", [Ints]) => Some(Int),
        (op::CONDITIONAL, [Bool, a, b]) if std::mem::discriminant(a) == std::mem::discriminant(b) => Some(*a),
        _ => None,
    }
}

#[derive(Debug)]
struct Program {
    source: String,
    expression: IdedExpr,
    names: Vec<String>,
}

/// Facts as CEL asks for them. A value of another kind than its name has is not handed out.
struct Facts<'a>(&'a dyn Lookup);

impl VariableResolver for Facts<'_> {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        let kind = vocabulary::kind_in_expressions(name)?;
        let value = self.0.value(name)?;
        if !kind.admits(&value) {
            return None;
        }
        match value.as_ref() {
            Value::Bool(v) => Some(CowVal::owned(CelBool::from(*v))),
            Value::Integer(v) => Some(CowVal::owned(CelInt::from(*v))),
            Value::Text(v) => Some(CowVal::owned(CelString::from(v.clone()))),
            Value::Date(v) => Some(CowVal::owned(CelString::from(v.to_string()))),
            Value::List(list) if list.len() <= MAX_LIST => {
                let integer = |v: &Value| match v {
                    Value::Integer(i) => Some(Box::new(CelInt::from(*i)) as Box<dyn Val>),
                    _ => None,
                };
                Some(CowVal::owned(CelList::from(list.iter().map(integer).collect::<Option<Vec<_>>>()?)))
            }
            Value::List(_) => None,
        }
    }
}

impl Program {
    fn run<T>(&self, lookup: &dyn Lookup, take: impl Fn(&dyn Val) -> Option<T>) -> Option<T> {
        let facts = Facts(lookup);
        let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
        context.set_variable_resolver(&facts);
        let value = cel::Value::resolve_val(&self.expression, &context).ok()?;
        take(value.as_ref())
    }
}

impl Compiled for Program {
    fn source(&self) -> &str {
        &self.source
    }

    fn names(&self) -> &[String] {
        &self.names
    }

    fn truth(&self, lookup: &dyn Lookup) -> Truth {
        self.run(lookup, |value| value.downcast_ref::<CelBool>().map(|b| *b.inner())).into()
    }

    fn amount(&self, lookup: &dyn Lookup) -> Option<i64> {
        self.run(lookup, |value| value.downcast_ref::<CelInt>().map(|i| *i.inner()))
    }
}

#[cfg(test)]
#[path = "cel_tests.rs"]
mod tests;
