//! `leaklint catalogue --inferred`: what it prints is configuration, and says what the analysis found out by itself.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/binary.rs"]
mod binary;

use binary::{found, project, run, write};

const DB: &str = "\
import { Pool, type PoolClient } from 'pg';
import { createClient } from 'redis';

export function openPool(url: string) {
  const pool = new Pool({ connectionString: url, connectionTimeoutMillis: 5000 });
  pool.on('error', (error) => console.error(error));
  return pool;
}

let pool: Pool | undefined;
export function getPool() {
  pool ??= openPool(process.env.DATABASE_URL!);
  return pool;
}

export function giveBack(client: PoolClient) {
  client.release();
}

export class Cache {
  private readonly client = createClient().on('error', (error) => console.error(error));

  async start() {
    await this.client.connect();
  }

  async stop() {
    await this.client.close();
  }
}
";

const APP: &str = "\
import express from 'express';
import { getPool, giveBack, openPool } from './db';

const app = express();
app.get('/own', async (request, response) => {
  const pool = openPool(process.env.DATABASE_URL!);
  response.json(await pool.query('select 1'));
});
app.get('/leased', async (request, response) => {
  const client = await getPool().connect();
  try {
    response.json(await client.query('select 1'));
  } finally {
    giveBack(client);
  }
});
";

const OWN: &str = "src/app.ts: error[pool-per-call]";

#[test]
fn what_is_printed_is_configuration_that_says_the_same() {
    let project = project(&[("package.json", "{}"), ("src/db.ts", DB), ("src/app.ts", APP)]);
    assert_eq!(found(project.path(), "check", 1), "src/db.ts: error[pool-per-call]");
    let (inferred, _) = run(project.path(), "catalogue --inferred", 0);
    for said in
        ["create = [\"openPool()\"]", "create = [\"getPool()\"]", "call = [\"giveBack()\"]", "release = [\"stop\"]"]
    {
        assert!(inferred.contains(said), "{said} is not in\n{inferred}");
    }
    // The factory is a library's now, and whoever calls it again and again is to blame.
    write(project.path(), "leaklint.toml", &inferred);
    assert_eq!(found(project.path(), "check", 1), OWN);
    // A wrong inference is put right by one line.
    write(project.path(), "leaklint.toml", &inferred.replace("shared = \"process\"", "shared = \"depends\""));
    run(project.path(), "check", 0);
}

#[test]
fn only_what_is_asked_about_is_printed() {
    let project = project(&[("package.json", "{}"), ("src/db.ts", DB), ("src/app.ts", APP)]);
    let (inferred, _) = run(project.path(), "catalogue --inferred src/app.ts", 0);
    assert_eq!(inferred, "");
}
