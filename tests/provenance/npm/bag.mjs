// Whether a directory is a valid bag, by bagit-tools.
// Usage: node bag.mjs DIRECTORY

import bagit from 'bagit-tools'

bagit.verify(process.argv[2], { version: '1.0', test: true }, (error, valid) => {
  if (error) throw error
  console.log(JSON.stringify({ valid }))
  process.exit(0)
})
