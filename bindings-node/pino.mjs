import transport from './pino.js'

export default transport
export const { traceMixin } = transport
