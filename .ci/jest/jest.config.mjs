// ES modules as they are: nothing is transformed.
export default { transform: {}, testMatch: ['<rootDir>/*.test.mjs'] };
