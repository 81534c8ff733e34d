//! probe
#![allow(warnings)]
use mediac::{eval::*, project::*};
use std::path::Path;
fn main() {
    let root = std::env::current_dir().unwrap();
    let p = Project::open(&root).unwrap();
    let name = std::env::args().nth(1).unwrap();
    let text = read(&root.join(&name)).unwrap();
    let t = std::time::Instant::now();
    let _ = Path::new("");
    match evaluate(p.request(&name, text)) {
        Ok(e) => {
            eprintln!("{:?}", mediac::ir::read(&e.tree).map(|h| h.name));
            eprintln!("{:?}", t.elapsed());
            for s in e.tree.get("services").unwrap().as_map().unwrap().keys() {
                println!("{s}");
            }
            fn dump(n: &mediac::node::Node, d: usize) {
                use mediac::node::Value::*;
                match &n.value {
                    Map(m) => {
                        for (k, v) in m {
                            match &v.value {
                                Map(_) | List(_) => {
                                    println!("{}{k}:", "  ".repeat(d));
                                    dump(v, d + 1)
                                }
                                o => println!("{}{k} = {o:?}", "  ".repeat(d)),
                            }
                        }
                    }
                    List(l) => {
                        for v in l {
                            match &v.value {
                                Map(_) | List(_) => {
                                    println!("{}-", "  ".repeat(d));
                                    dump(v, d + 1)
                                }
                                o => println!("{}- {o:?}", "  ".repeat(d)),
                            }
                        }
                    }
                    o => println!("{o:?}"),
                }
            }
            if std::env::args().nth(2).is_some() {
                dump(&e.tree, 0)
            }
        }
        Err(f) => {
            for e in f.errors {
                println!("{:?}: {}", e.kind, e.message);
                for (s, m) in e.labels {
                    let (l, c) = f.sources.line_column(&s);
                    println!("   {}:{l}:{c} {m}", f.sources.file(s.file).unwrap().name)
                }
                for n in e.notes {
                    println!("   = {n}")
                }
            }
        }
    }
}
