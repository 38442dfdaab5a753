import { z } from 'zod'
import { createToken, isTokenName } from '#app/http/tokenHash.ts'
import { configSchema } from '#app/schema/config.ts'

const usage = `Usage:
  npm run -s breakglass -- token create NAME   a token, shown once, and the line for BREAKGLASS_TOKEN_FILE
  npm run -s breakglass -- schema              the JSON Schema of the YAML file, for editors
`

const [command, action, name, ...rest] = process.argv.slice(2)
if (command === 'token' && action === 'create' && name !== undefined && rest.length === 0) {
  await printToken(name)
} else if (command === 'schema' && action === undefined) {
  const schema = z.toJSONSchema(configSchema, { io: 'input' })
  console.log(JSON.stringify({ title: 'Breakglass', ...schema }, null, 2))
} else {
  process.stderr.write(usage)
  process.exitCode = 2
}

async function printToken(name: string): Promise<void> {
  if (!isTokenName(name)) {
    process.stderr.write(
      'NAME is 1 to 64 letters, digits, ".", "_", "-" or "@", and begins with a letter or digit.\n',
    )
    process.exitCode = 2
    return
  }
  const { token, hash } = await createToken(name)
  process.stdout.write(`token=${token}\nhash=${hash}\n`)
}
