/**
 * The play plugin's sentences about a file in Chinese. `{}` stands for what differs, in the same order on both sides.
 */
const sentences: [english: string, chinese: string][] = [
  [
    'the file is not mp4, mp3, wav, ogg or flac, or it is damaged',
    '文件不是 mp4、mp3、wav、ogg 或 flac，或者已损坏',
  ],
  ['the file has neither picture nor sound', '文件里既没有画面也没有声音'],
  ['the file cannot be read: {}', '文件无法读取：{}'],
  ['the file cannot be opened: {}', '文件无法打开：{}'],
  [
    'the file ends before frame {} of {}: it is damaged or incomplete',
    '文件在第 {} 帧之前就结束了（共 {} 帧）：已损坏或不完整',
  ],
  ['the file has too many frames', '文件的帧数过多'],
  ['the file is too long', '文件过长'],
  [
    'the file has more than {} frames, or more than {} MB, in one second',
    '文件在一秒内超过 {} 帧，或超过 {} MB',
  ],
  ['the file has no such sound that can be played; it has {}', '文件里没有这样可以播放的音轨；它有 {}'],
  ['video is supported in mp4 only', '画面只支持 mp4 格式'],
  ['the video codec {} is not supported: H.264 is', '不支持视频编码 {}，只支持 H.264'],
  ['the audio codec {} is not supported: {} are', '不支持音频编码 {}，支持的有 {}'],
  [
    'the H.264 profile {} is not supported: baseline, main and high (8 bit, 4:2:0) are',
    '不支持 H.264 的 profile {}，支持 baseline、main 和 high（8 位、4:2:0）',
  ],
  ['the H.264 decoder configuration is missing or damaged', 'H.264 解码配置缺失或已损坏'],
  ['the H.264 parameter sets are damaged or longer than {} bytes', 'H.264 参数集已损坏，或超过 {} 字节'],
  [
    'the video changes its H.264 profile, or more than {} times its parameter sets: encode it anew ({})',
    '视频中途更换了 H.264 profile，或更换参数集超过 {} 次，请重新编码（{}）',
  ],
  [
    'the video has B-frames, which browsers cannot show: encode it without ({})',
    '视频含有浏览器无法显示的 B 帧，请重新编码去掉（{}）',
  ],
  ['the video has no frames', '视频里没有画面'],
  [
    'the picture is to be rotated, which browsers would not do: encode it upright ({})',
    '画面需要旋转，而浏览器不会旋转，请转正后重新编码（{}）',
  ],
  ['the size of frame {} of {} is damaged', '第 {} 帧（共 {} 帧）的大小已损坏'],
  ['the time of frame {} of {} is damaged', '第 {} 帧（共 {} 帧）的时间已损坏'],
  [
    'the time of frame {} of {} is before that of the frame before it',
    '第 {} 帧（共 {} 帧）的时间早于前一帧',
  ],
  [
    'its edit list goes on at a picture that is no key frame: encode it anew ({})',
    '它的编辑列表从非关键帧处继续，请重新编码（{}）',
  ],
  [
    'the Ogg file is a chain of several sounds: make it one ({})',
    'Ogg 文件由多段声音串接而成，请合并为一段（{}）',
  ],
  ['the wav header is damaged', 'wav 文件头已损坏'],
  ['the sound has no frames', '音轨里没有声音'],
  ['the sound has {} samples a second: {} to {} are supported', '声音的采样率为每秒 {} 次，支持 {} 到 {}'],
  ['the header of the Opus sound is damaged', 'Opus 声音的头部已损坏'],
  ['the Ogg file has no Opus sound', 'Ogg 文件里没有 Opus 声音'],
  ['the browser does not accept H.264, which the picture of the file is in', '浏览器不接受画面所用的 H.264'],
  [
    'the browser accepts neither Opus nor G.711 sound, and the file has nothing else',
    '浏览器既不接受 Opus 也不接受 G.711，而文件里没有别的内容',
  ],
  ['there is not enough memory', '服务器内存不足'],
  [
    '{} files are being played, which is as many as may: try again later',
    '正在播放 {} 个文件，已达上限，请稍后再试',
  ],
  [
    'what is being played takes {} MiB of memory, which is as much as may: try again later',
    '正在播放的内容占用 {} MiB 内存，已达上限，请稍后再试',
  ],
  [
    '{} viewers are watching, which is as many as may: try again later',
    '正有 {} 人观看，已达上限，请稍后再试',
  ],
];

const patterns = sentences.map(([english, chinese]) => ({
  pattern: new RegExp(
    `^${english
      .split('{}')
      .map((part) => part.replace(/[.*+?^$()[\]\\|]/g, '\\$&'))
      .join('(.+?)')}$`,
  ),
  chinese,
}));

/** The sentence itself where it is not known: the server may be newer than this page. */
export function reasonInChinese(reason: string): string {
  for (const { pattern, chinese } of patterns) {
    const values = pattern.exec(reason)?.slice(1);
    if (values) return chinese.replace(/{}/g, () => values.shift() ?? '');
  }
  return reason;
}
