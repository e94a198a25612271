// SPDX-License-Identifier: BSD-3-Clause
// Points on a map, by WebGL2 and two shaders; a picture of densities where there is no WebGL2.

import type { Rgb } from "./colour";

export interface Places { n: number; x: Uint16Array; y: Uint16Array }
/** Both coordinates of a cell that is not on the map. */
export const OFF = 65535;
const MOST_POINTS = 2_000_000;
const MOST_SOFTWARE_POINTS = 30_000;

export interface View { scale: number; x: number; y: number }

const VERTEX = `#version 300 es
in vec2 place;
in uint code;
in uint mark;
uniform vec4 view;
uniform float size;
uniform bool marked;
uniform bool ranked;
uniform vec4 faded;
uniform highp sampler2D palette;
flat out vec4 colour;
void main() {
  bool off = place.x > 65534.5 && place.y > 65534.5;
  vec4 own = texelFetch(palette, ivec2(int(code & 255u), int(code >> 8)), 0);
  bool dim = marked && mark == 0u;
  colour = dim ? faded : own;
  float depth = dim ? 0.9 : ranked ? (own.a < 0.5 ? 0.8 : 0.7 - float(code) / 400.0) : 0.5;
  gl_Position = off ? vec4(2.0, 2.0, 2.0, 1.0) : vec4(place / 65534.0 * view.xy + view.zw, depth, 1.0);
  gl_PointSize = dim ? size : size + (marked ? 0.5 : 0.0);
}`;
const FRAGMENT = `#version 300 es
precision mediump float;
flat in vec4 colour;
uniform bool round_points;
out vec4 result;
void main() {
  vec2 d = gl_PointCoord - 0.5;
  if (round_points && dot(d, d) > 0.25) discard;
  result = vec4(colour.rgb, 1.0);
}`;

export interface Painter {
  readonly kind: "points" | "density";
  /** `ranked`: codes are values, the higher on top; 255 is missing. */
  colours(codes: Uint8Array | Uint16Array, palette: Rgb[], absent: Rgb, ranked: boolean): void;
  marks(mask: Uint8Array | null): void;
  draw(view: View, faded: Rgb): void;
  /** Waits until what was drawn is there. */
  finish(): void;
  /** Frees the context: browsers keep 16. */
  close(): void;
}

function compile(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram()!;
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
    const shader = gl.createShader(kind)!;
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) ?? "shaders");
  return program;
}

export function pointSize(n: number, scale: number): number {
  const base = n > 500_000 ? 1 : n > 100_000 ? 1.6 : n > 20_000 ? 2.4 : n > 4_000 ? 3.4 : 5;
  return Math.min(14, base * Math.sqrt(scale)) * Math.min(2, devicePixelRatio || 1);
}

/** WebGL without a graphics card takes some microseconds a point, a hundred times more than pixelPainter(). */
function kindOfWebGl(): "none" | "software" | "hardware" {
  const gl = document.createElement("canvas").getContext("webgl2");
  if (!gl) return "none";
  const names = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name) ? "software" : "hardware";
}

function glPainter(canvas: HTMLCanvasElement, places: Places): Painter | null {
  const gl = canvas.getContext("webgl2", { antialias: false, preserveDrawingBuffer: true, powerPreference: "low-power" });
  if (!gl) return null;
  const program = compile(gl);
  gl.useProgram(program);
  const where = new Uint16Array(places.n * 2);
  for (let i = 0; i < places.n; ++i) {
    where[2 * i] = places.x[i]!;
    where[2 * i + 1] = places.y[i]!;
  }
  const at = (name: string): number => gl.getAttribLocation(program, name);
  const uniform = (name: string): WebGLUniformLocation | null => gl.getUniformLocation(program, name);
  const placeBuffer = gl.createBuffer(), codeBuffer = gl.createBuffer(), markBuffer = gl.createBuffer();
  gl.bindBuffer(gl.ARRAY_BUFFER, placeBuffer);
  gl.bufferData(gl.ARRAY_BUFFER, where, gl.STATIC_DRAW);
  gl.enableVertexAttribArray(at("place"));
  gl.vertexAttribPointer(at("place"), 2, gl.UNSIGNED_SHORT, false, 0, 0);
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  gl.enable(gl.DEPTH_TEST);
  gl.depthFunc(gl.LEQUAL);
  let ranked = false, marked = false;
  gl.vertexAttribI4ui(at("mark"), 0, 0, 0, 0);
  return {
    kind: "points",
    colours(codes, palette, absent, isRanked) {
      ranked = isRanked;
      gl.bindBuffer(gl.ARRAY_BUFFER, codeBuffer);
      gl.bufferData(gl.ARRAY_BUFFER, codes, gl.DYNAMIC_DRAW);
      gl.enableVertexAttribArray(at("code"));
      gl.vertexAttribIPointer(at("code"), 1, codes instanceof Uint8Array ? gl.UNSIGNED_BYTE : gl.UNSIGNED_SHORT, 0, 0);
      const lines = codes instanceof Uint8Array ? 1 : 256;
      const texels = new Uint8Array(256 * lines * 4);
      for (let i = 0; i < 256 * lines; ++i) {
        const colour = palette[i];
        texels.set(colour ? [...colour, 255] : [...absent, 0], i * 4);
      }
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, lines, 0, gl.RGBA, gl.UNSIGNED_BYTE, texels);
    },
    marks(mask) {
      marked = mask !== null;
      if (mask) {
        gl.bindBuffer(gl.ARRAY_BUFFER, markBuffer);
        gl.bufferData(gl.ARRAY_BUFFER, mask, gl.DYNAMIC_DRAW);
        gl.enableVertexAttribArray(at("mark"));
        gl.vertexAttribIPointer(at("mark"), 1, gl.UNSIGNED_BYTE, 0, 0);
      } else {
        gl.disableVertexAttribArray(at("mark"));
        gl.vertexAttribI4ui(at("mark"), 0, 0, 0, 0);
      }
    },
    draw(view, faded) {
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
      const size = pointSize(places.n, view.scale);
      const { width, height } = canvas, side = Math.min(width, height);
      const k = 2 * view.scale;
      gl.uniform4f(uniform("view"), k * side / width, k * side / height, -k * view.x * side / width, -k * view.y * side / height);
      gl.uniform1f(uniform("size"), size);
      gl.uniform1i(uniform("marked"), Number(marked));
      gl.uniform1i(uniform("ranked"), Number(ranked));
      gl.uniform1i(uniform("round_points"), Number(size >= 3));
      gl.uniform4f(uniform("faded"), faded[0] / 255, faded[1] / 255, faded[2] / 255, 1);
      gl.drawArrays(gl.POINTS, 0, places.n);
    },
    finish() { gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4)); },
    close() { gl.getExtension("WEBGL_lose_context")?.loseContext(); },
  };
}

/** The same picture as glPainter(), square points, by the processor. */
function pixelPainter(canvas: HTMLCanvasElement, places: Places): Painter {
  let codes: Uint8Array | Uint16Array = new Uint8Array(places.n), ranked = false, mask: Uint8Array | null = null;
  let words = new Uint32Array(0);
  const word = ([r, g, b]: Rgb): number => (0xff000000 | (b << 16) | (g << 8) | r) >>> 0;
  return {
    kind: "points",
    colours(newCodes, palette, absent, isRanked) {
      codes = newCodes;
      ranked = isRanked;
      words = Uint32Array.from({ length: newCodes instanceof Uint8Array ? 256 : 65536 }, (_, i) => word(palette[i] ?? absent));
    },
    marks(newMask) { mask = newMask; },
    draw(view, faded) {
      const { width, height } = canvas, pen = canvas.getContext("2d")!, picture = pen.createImageData(width, height);
      const pixels = new Uint32Array(picture.data.buffer), above = new Uint8Array(width * height);
      const side = Math.min(width, height), k = (view.scale * side) / 65534, left = width / 2 - view.x * view.scale * side, top = height / 2 + view.y * view.scale * side;
      const size = Math.max(1, Math.round(pointSize(places.n, view.scale))), off = (size - 1) >> 1, dull = word(faded);
      const { x, y, n } = places;
      for (let i = 0; i < n; ++i) {
        const px = Math.floor(left + x[i]! * k) - off, py = Math.floor(top - y[i]! * k) - off;
        if (px < 0 || py < 0 || px + size > width || py + size > height || (x[i] === OFF && y[i] === OFF)) continue;
        const code = codes[i]!, dim = mask !== null && mask[i] === 0;
        const level = dim || (ranked && code === 255) ? 1 : ranked ? Math.max(2, code) : 2;
        const colour = dim ? dull : words[code]!;
        for (let row = py * width + px, end = row + size * width; row < end; row += width) {
          for (let at = row; at < row + size; ++at) {
            if (level < above[at]!) continue;
            above[at] = level;
            pixels[at] = colour;
          }
        }
      }
      pen.putImageData(picture, 0, 0);
    },
    finish() {},
    close() {},
  };
}

/** Per pixel of a coarse picture: the mean colour of its cells, the stronger the more they are. */
function densityPainter(canvas: HTMLCanvasElement, places: Places): Painter {
  let codes: Uint8Array | Uint16Array = new Uint8Array(places.n), palette: Rgb[] = [], absent: Rgb = [128, 128, 128];
  let mask: Uint8Array | null = null;
  return {
    kind: "density",
    colours(newCodes, newPalette, newAbsent) { codes = newCodes; palette = newPalette; absent = newAbsent; },
    marks(newMask) { mask = newMask; },
    draw(view, faded) {
      const pen = canvas.getContext("2d")!;
      const cell = Math.max(2, Math.round(canvas.width / 320));
      const wide = Math.ceil(canvas.width / cell), high = Math.ceil(canvas.height / cell), side = Math.min(canvas.width, canvas.height);
      const sums = new Float32Array(wide * high * 4);
      let most = 0;
      for (let i = 0; i < places.n; ++i) {
        if (places.x[i] === OFF && places.y[i] === OFF) continue;
        const px = Math.floor(((places.x[i]! / 65534 - view.x) * view.scale * side + canvas.width / 2) / cell);
        const py = Math.floor((canvas.height / 2 - (places.y[i]! / 65534 - view.y) * view.scale * side) / cell);
        if (px < 0 || py < 0 || px >= wide || py >= high) continue;
        const colour = mask && !mask[i] ? faded : palette[codes[i]!] ?? absent;
        const at = (py * wide + px) * 4;
        sums[at]! += colour[0]; sums[at + 1]! += colour[1]; sums[at + 2]! += colour[2];
        most = Math.max(most, (sums[at + 3]! += 1));
      }
      const picture = new ImageData(wide, high);
      for (let k = 0; k < wide * high; ++k) {
        const n = sums[k * 4 + 3]!;
        if (!n) continue;
        for (let c = 0; c < 3; ++c) picture.data[k * 4 + c] = sums[k * 4 + c]! / n;
        picture.data[k * 4 + 3] = 110 + 145 * (Math.log1p(n) / Math.log1p(most));
      }
      const small = document.createElement("canvas");
      small.width = wide;
      small.height = high;
      small.getContext("2d")!.putImageData(picture, 0, 0);
      pen.clearRect(0, 0, canvas.width, canvas.height);
      pen.imageSmoothingEnabled = false;
      pen.drawImage(small, 0, 0, wide * cell, high * cell);
    },
    finish() {},
    close() {},
  };
}

export function painter(canvas: HTMLCanvasElement, places: Places, plain: boolean): Painter {
  const webGl = plain || places.n > MOST_POINTS ? "none" : kindOfWebGl();
  if (webGl === "software" && places.n > MOST_SOFTWARE_POINTS) return pixelPainter(canvas, places);
  return (webGl !== "none" && glPainter(canvas, places)) || densityPainter(canvas, places);
}

/** Finds the point next to a place, by a grid of about four points a cell. */
export class Grid {
  private readonly side: number;
  private readonly first: Uint32Array;
  private readonly items: Uint32Array;

  constructor(private readonly places: Places) {
    this.side = Math.max(1, Math.min(1024, Math.ceil(Math.sqrt(places.n / 4))));
    const cells = this.side * this.side;
    const cellOf = new Uint32Array(places.n);
    this.first = new Uint32Array(cells + 1);
    for (let i = 0; i < places.n; ++i) {
      const c = this.cell(places.y[i]!) * this.side + this.cell(places.x[i]!);
      cellOf[i] = c;
      this.first[c + 1]!++;
    }
    for (let c = 0; c < cells; ++c) this.first[c + 1]! += this.first[c]!;
    const next = this.first.slice(0, cells);
    this.items = new Uint32Array(places.n);
    for (let i = 0; i < places.n; ++i) this.items[next[cellOf[i]!]!++] = i;
  }
  private cell(v: number): number {
    return Math.min(this.side - 1, Math.floor((v / 65536) * this.side));
  }
  /** Position of the nearest within `reach` (in the unit of places); -1: none. */
  nearest(x: number, y: number, reach: number): number {
    let best = -1, least = reach * reach;
    const low = (v: number): number => this.cell(Math.max(0, v - reach)), high = (v: number): number => this.cell(Math.min(OFF - 1, Math.max(0, v + reach)));
    for (let r = low(y); r <= high(y); ++r) {
      for (let c = low(x); c <= high(x); ++c) {
        const cell = r * this.side + c;
        for (let k = this.first[cell]!; k < this.first[cell + 1]!; ++k) {
          const i = this.items[k]!;
          const dx = this.places.x[i]! - x, dy = this.places.y[i]! - y, d = dx * dx + dy * dy;
          if (d < least) { least = d; best = i; }
        }
      }
    }
    return best;
  }
}

/** Even-odd rule. `line`: corners in the unit of places. */
export function inside(places: Places, line: [number, number][]): number[] {
  const result: number[] = [];
  const xs = line.map(([x]) => x), ys = line.map(([, y]) => y);
  const left = Math.min(...xs), right = Math.max(...xs), low = Math.min(...ys), high = Math.max(...ys);
  for (let i = 0; i < places.n; ++i) {
    const x = places.x[i]!, y = places.y[i]!;
    if (x < left || x > right || y < low || y > high) continue;
    let odd = false;
    for (let a = 0, b = line.length - 1; a < line.length; b = a++) {
      const [xa, ya] = line[a]!, [xb, yb] = line[b]!;
      if (ya > y !== yb > y && x < ((xb - xa) * (y - ya)) / (yb - ya) + xa) odd = !odd;
    }
    if (odd) result.push(i);
  }
  return result;
}
