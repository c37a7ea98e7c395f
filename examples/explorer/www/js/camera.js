// The webcam: its newest frame, until it is stopped or the page is hidden.

import { read } from './source.js';

/** @import {Pixels} from './source.js' */

/** Starts the camera. @param {(pixels: Pixels) => void} framed called for each frame
 * @param {() => boolean} wanted whether the next frame would be looked at
 * @param {() => void} stopped called once, whatever stops it
 * @returns {Promise<() => void>} stops it; fails with the browser's words if there is no camera or no permission */
export async function start(framed, wanted, stopped) {
  if (!navigator.mediaDevices) throw new Error('navigator.mediaDevices: undefined');
  const stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 } }, audio: false });
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.srcObject = stream;
  let running = true;

  const stop = () => {
    if (!running) return;
    running = false;
    for (const track of stream.getTracks()) track.stop();
    document.removeEventListener('visibilitychange', hidden);
    stopped();
  };
  const hidden = () => {
    if (document.hidden) stop();
  };
  const next = () => {
    if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(frame);
    else requestAnimationFrame(frame);
  };
  const frame = () => {
    if (!running) return;
    if (video.videoWidth > 0 && wanted()) framed(read(video, video.videoWidth, video.videoHeight));
    next();
  };

  document.addEventListener('visibilitychange', hidden);
  for (const track of stream.getTracks()) track.addEventListener('ended', stop);
  try {
    await video.play();
  } catch (error) {
    stop();
    throw error;
  }
  next();
  return stop;
}
