/** Whether this browser can show films: H.264 is not in every build of Chromium and Firefox. */
export function showsH264(): boolean {
  const capabilities = globalThis.RTCRtpReceiver?.getCapabilities?.('video');
  // A browser that does not say is given the chance.
  return !capabilities || capabilities.codecs.some(({ mimeType }) => /^video\/h264$/i.test(mimeType));
}
