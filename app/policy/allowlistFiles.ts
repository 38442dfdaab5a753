import { rule, type Rule, type Use } from './allowlistRule.ts'

/** Trees without secrets, where a search through all files is no way to one. */
const searchable =
  /^\/(sys|proc\/sys|proc\/net|var\/log|usr\/(lib|share)|lib|etc\/systemd|run\/systemd)(\/|$)/

const grepFlags =
  '-E -F -G -P -i -v -w -x -c -l -L -o -q -s -n -H -h -a -I -b -Z -z -T -r -R -e:text -f:file -m:number -A:number -B:number -C:number -# ' +
  '--color?:text --colour?:text --count --ignore-case --no-ignore-case --invert-match --word-regexp --line-regexp --line-number --with-filename ' +
  '--no-filename --only-matching --quiet --silent --no-messages --text --max-count:number --regexp:text --file:file ' +
  '--after-context:number --before-context:number --context:number --extended-regexp --fixed-strings --perl-regexp ' +
  '--basic-regexp --files-with-matches --files-without-match --recursive --include:text --exclude:text ' +
  '--exclude-dir:text --line-buffered --null --binary-files:text --byte-offset'

function grepObjection({ flags, operands }: Use): string | undefined {
  if (!['-r', '-R', '--recursive'].some((flag) => flags.has(flag))) return undefined
  const patterns = ['-e', '-f', '--regexp', '--file'].some((flag) => flags.has(flag)) ? 0 : 1
  const roots = operands.slice(patterns)
  if (flags.has('-R')) return '-R follows links to other trees'
  const outside = roots.find(({ value }) => !searchable.test(value))
  return roots.length === 0 || outside
    ? `it reads every file below ${outside?.value ?? 'the working directory'}, secrets among them`
    : undefined
}

const grep = rule(grepFlags, 'pattern', {
  reads: true,
  check: (use) => grepObjection(use),
})
const sum = rule('-b -t --tag --binary --text', 'files', { reads: true })

const findFlags =
  '-name:text -iname:text -path:text -ipath:text -wholename:text -regex:text -iregex:text -type:text -size:text ' +
  '-mtime:text -mmin:text -atime:text -amin:text -ctime:text -cmin:text -newer:place -newermt:text -maxdepth:number ' +
  '-mindepth:number -user:text -group:text -uid:text -gid:text -perm:text -links:text -inum:text -empty -readable ' +
  '-writable -executable -nouser -nogroup -xdev -mount -not -a -o -and -or -prune -print -print0 -ls -depth -daystart ' +
  '-printf:text -quit -samefile:place -xtype:text -fstype:text -true -false -L -P -H -regextype:text -noleaf -follow ' +
  '-ignore_readdir_race'

/** Reading files, and looking at what is where. */
export const allowlistFiles: Readonly<Record<string, Rule>> = {
  cat: rule('-A -b -e -E -n -s -t -T -u -v --number --number-nonblank --show-all --squeeze-blank', 'files', {
    reads: true,
  }),
  head: rule(
    '-n:number -c:number -q -v -z -# --lines:number --bytes:number --quiet --silent --verbose',
    'files',
    {
      reads: true,
    },
  ),
  tail: rule(
    '-n:number -c:number -q -v -z -# --lines:number --bytes:number --quiet --silent --verbose',
    'files',
    {
      reads: true,
      endless: '-f -F --follow --retry',
    },
  ),
  tac: rule('-b -s:text', 'files', { reads: true }),
  nl: rule('-b:text -w:number -s:text -n:text', 'files', { reads: true }),
  zcat: rule('-f', 'files', { reads: true }),
  strings: rule('-a -n:number -t:text -e:text -#', 'files', { reads: true }),
  grep,
  egrep: grep,
  fgrep: grep,
  wc: rule('-l -w -c -m -L --lines --words --bytes --chars --max-line-length', 'files', { reads: true }),
  sort: rule(
    '-b -d -f -g -h -i -M -n -R -r -V -c -C -m -s -u -z -k:text -t:text -S:text --numeric-sort --reverse --unique ' +
      '--human-numeric-sort --version-sort --key:text --field-separator:text --stable --ignore-case --general-numeric-sort',
    'files',
    { reads: true },
  ),
  // A second operand would be its output.
  uniq: rule(
    '-c -d -D -u -i -z -f:number -s:number -w:number --count --repeated --unique --ignore-case',
    'files',
    {
      reads: true,
      check: ({ operands: [first, second] }) =>
        second || first?.pieces.some(({ kind }) => kind === 'glob')
          ? 'its second argument is a file that it writes'
          : undefined,
    },
  ),
  cut: rule(
    '-b:text -c:text -d:text -f:text -s -z -n --complement --delimiter:text --fields:text --bytes:text ' +
      '--characters:text --only-delimited --output-delimiter:text',
    'files',
    { reads: true },
  ),
  tr: rule('-c -C -d -s -t --delete --squeeze-repeats --complement', 'texts', {
    check: ({ piped }) => (piped ? undefined : 'it waits for input'),
  }),
  column: rule('-t -s:text -x -o:text -n -c:number -N:text -R:text --table --separator:text', 'files', {
    reads: true,
  }),
  fold: rule('-w:number -s -b', 'files', { reads: true }),
  rev: rule('', 'files', { reads: true }),
  paste: rule('-d:text -s', 'files', { reads: true }),
  diff: rule(
    '-u -c -q -s -i -w -b -B -y -a -U:number -C:number -W:number --brief --unified?:number --side-by-side --color?:text',
    'files',
    {
      check: ({ operands, piped }) =>
        !piped && operands.some(({ value }) => value === '-') ? 'it waits for input' : undefined,
    },
  ),
  cmp: rule('-b -l -s -n:number', 'files', { reads: true }),
  md5sum: sum,
  sha1sum: sum,
  sha256sum: sum,
  sha512sum: sum,
  cksum: rule('', 'files', { reads: true }),
  ls: rule(
    '-a -A -b -B -c -C -d -f -F -g -G -h -H -i -k -l -L -m -n -N -o -p -q -Q -r -R -s -S -t -u -U -v -x -X -Z -1 ' +
      '-I:text -w:number --all --almost-all --color?:text --human-readable --sort:text --time:text --time-style:text ' +
      '--full-time --group-directories-first --inode --size --directory --reverse --recursive --no-group --numeric-uid-gid',
    'places',
  ),
  stat: rule('-L -f -t -c:text --format:text --printf:text --dereference --file-system --terse', 'places'),
  file: rule('-b -i -L -k -h --brief --mime --mime-type --dereference', 'places'),
  readlink: rule('-f -e -m -n -q -v -z', 'places'),
  realpath: rule('-e -m -s -q -z', 'places'),
  basename: rule('-a -s:text -z', 'texts'),
  dirname: rule('-z', 'texts'),
  namei: rule('-l -m -o -v -x', 'places'),
  lsattr: rule('-R -a -d -v -l', 'places'),
  getfacl: rule('-a -c -d -e -n -p -R -t', 'places'),
  du: rule(
    '-a -b -c -h -H -k -l -L -m -s -S -x -0 -P -D -d:number -t:text -B:text --max-depth:number --apparent-size --total ' +
      '--human-readable --summarize --one-file-system --all --inodes --si --exclude:text --time?:text --threshold:text --bytes',
    'places',
  ),
  df: rule(
    '-a -h -H -i -k -l -m -P -T -v -B:text -t:text -x:text --all --human-readable --inodes --local --portability ' +
      '--print-type --si --total --type:text --exclude-type:text --output?:text --block-size:text --sync --no-sync',
    'places',
  ),
  // What runs something (-exec, -ok), deletes or writes (-fprint, -fls) is not among its flags.
  find: rule(findFlags, 'places', { whole: true }),
}
