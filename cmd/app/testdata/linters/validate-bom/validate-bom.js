#!/usr/bin/env node
// Judges a bill of materials, of the version given, by the strict schema of CycloneDX: validate-bom 1.6 FILE
'use strict'
const fs = require('node:fs')
const { Spec, Validation } = require('@cyclonedx/cyclonedx-library')

async function main ([version, file]) {
  const problems = await new Validation.JsonStrictValidator(Spec.Version[`v${version.replace('.', 'dot')}`]).validate(fs.readFileSync(file, 'utf8'))
  if (problems !== null) {
    console.error(problems)
    process.exitCode = 1
  }
}

main(process.argv.slice(2)).catch((problem) => {
  console.error(problem)
  process.exitCode = 2
})
